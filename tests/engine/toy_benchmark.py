"""A benchmark of a second's training: bright or dark images, and a cloud that says so more clearly."""

from __future__ import annotations

import torch

from xmodal.data.benchmark import Benchmark, Card, Split
from xmodal.data.sample import Rows, Sample
from xmodal.tasks import Classification


class Toy(Benchmark):
    """Two classes; image [3, 32, 32] with noise, cloud of five points whose height is the class."""

    card = Card("toy", "none", "made on the fly")

    def __init__(self, samples: int = 24, labelled: int = 8, folds: int = 1) -> None:
        self.samples, self.labelled, self.folds = samples, labelled, folds
        self.tasks = {"kind": Classification(("dark", "bright"))}

    def splits(self, seed):
        made = [self._make(i) for i in range(self.samples)]
        half = self.samples // 2
        labelled = range(self.labelled)
        return [Split(f"fold{k}", made[:half], made[half:][:4], made[half:], labelled) for k in range(self.folds)]

    def _make(self, number):
        generator = torch.Generator().manual_seed(number)
        kind = number % 2
        noise = torch.randn(3, 32, 32, generator=generator)
        points = torch.rand(5 + number % 3, 4, generator=generator) + torch.tensor([1.0, 0, kind * 2.0, 0])
        entries = {"image": (0.4 + 0.2 * kind + 0.3 * noise).clamp(0, 1), "lidar": Rows(points)}
        return Sample(f"toy{number}", entries, labels={"kind": torch.tensor(kind)})
