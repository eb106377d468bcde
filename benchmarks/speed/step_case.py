"""What every loop of the step bench trains: student, teachers and batches of one case, the same numbers for all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from xmodal.adapter import Adapter, Model, Need
from xmodal.bus import Embedding
from xmodal.data.batch import Batch, collate
from xmodal.data.sample import Sample
from xmodal.tasks import Classification

SEED = 0
KEY, TASK = "image", "kind"
TASKS = {TASK: Classification(tuple("abcdefghij"))}
SAMPLES = 16
"""In a batch."""
DISTINCT = 16
"""Batches; a longer run sees them again."""


class Body(Adapter):
    """Any net [B, ...] -> [B, D] as an adapter of images."""

    inputs = (KEY,)

    def __init__(self, net: nn.Module, width: int) -> None:
        super().__init__()
        self.net, self.width = net, width

    def forward(self, batch: Batch, need: Need) -> Embedding:
        return Embedding(pooled=self.net(batch.tensor(KEY)))


@dataclass(frozen=True, slots=True)
class Case:
    """One comparison.

    Attributes:
        net: "tiny", three layers whose step takes less than a millisecond, or "small", a residual net of timm on images
            of 32 x 32 pixels; the teachers are nets of the student's kind with other weights.
        teachers: how many.
    """

    net: str
    teachers: int

    def __str__(self) -> str:
        return f"{self.net}, {self.teachers} teacher{'s' if self.teachers > 1 else ''}"

    def model(self, seed: int) -> Model:
        """A net with fresh weights: the student with seed 0, teachers with others."""
        torch.manual_seed(seed)
        return Model(_tiny() if self.net == "tiny" else _small(), TASKS)

    def teacher_models(self) -> list[Model]:
        """Frozen, in eval mode."""
        return [self.model(1 + number).eval().requires_grad_(False) for number in range(self.teachers)]

    def samples(self) -> list[list[Sample]]:
        """The batches, sample by sample."""
        make = torch.Generator().manual_seed(SEED)
        size = (64,) if self.net == "tiny" else (3, 32, 32)
        return [[_sample(size, make) for _ in range(SAMPLES)] for _ in range(DISTINCT)]

    def batches(self) -> list[Batch]:
        return [collate(samples) for samples in self.samples()]

    def tensors(self) -> list[tuple[Tensor, Tensor]]:
        """(images [B, ...], labels [B]) of each batch."""
        return [(batch.tensor(KEY), batch.labels[TASK]) for batch in self.batches()]


def plain(model: Model) -> nn.Sequential:
    """The same modules without adapter and batch: images [B, ...] -> logits [B, C]."""
    assert isinstance(model.adapter, Body)
    return nn.Sequential(model.adapter.net, model.heads[TASK])


def _sample(size: tuple[int, ...], make: torch.Generator) -> Sample:
    label = torch.randint(len(TASKS[TASK].classes), (), generator=make)
    return Sample("", {KEY: torch.randn(size, generator=make)}, labels={TASK: label})


def _tiny() -> Body:
    return Body(nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU()), 128)


def _small() -> Body:
    import timm  # costs seconds to import

    net: Any = timm.create_model("test_resnet", num_classes=0)
    return Body(net, net.num_features)
