"""The benchmark `phantom`: is a simulated head that of a control or of a patient, seen in MRI or in PET?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from xmodal.benchmarks.phantom.scan import make_sample
from xmodal.benchmarks.phantom.spec import CLASSES
from xmodal.data.benchmark import Benchmark, Card, Split
from xmodal.data.labelled import Labelled, check_labelled, count_of, draw_labelled, group_name, split_name
from xmodal.data.making import make_all
from xmodal.data.sample import Sample
from xmodal.errors import ConfigError
from xmodal.tasks import Classification

VAL_FROM, TEST_FROM = 1_000_000, 2_000_000
"""Numbers of the first subject of each part; a subject is made from its number, so the parts share nobody."""


class Phantom(Benchmark):
    """MRI and PET of simulated heads, one visit a subject. Nothing is downloaded.

    Task: "diagnosis", control or dementia; accuracy and balanced accuracy. The disease lowers the tracer's uptake
    where PET looks; MRI sees only the atrophy that goes along with it, beside normal ageing.

    Args:
        subjects: for training; all have both scans.
        labelled: how many of them have a diagnosis (drawn by the run's seed): a number, a share such as 0.1, or
            several of these for one table each. The smaller draw is part of the larger.
        val, test: subjects for choosing and for scoring.
        correlation: of uptake deficit and atrophy over the population, in [0, 1].
        seed: of the world.
        workers: processes that make the scans.
    """

    card = Card(
        summary="SIMULATED heads: T1-weighted MRI and FDG-like PET, 24 x 32 x 28 voxels of 6 mm, dementia or control",
        licence="Apache-2.0 (part of xmodal)",
        source="made on the fly from formulas; no patient's data, and no evidence about real patients",
    )

    def __init__(
        self,
        subjects: int = 600,
        labelled: Labelled = (60, 1.0),
        val: int = 300,
        test: int = 600,
        correlation: float = 0.8,
        seed: int = 0,
        workers: int = 1,
    ) -> None:
        if subjects < 1 or test < 1 or val < 0:
            found = f"{subjects}, {test} and {val}"
            raise ConfigError(f"phantom: expected subjects >= 1, test >= 1 and val >= 0, found {found}")
        if not 0 <= correlation <= 1:
            raise ConfigError(f"phantom: correlation must lie in [0, 1], found {correlation}")
        if seed < 0:
            raise ConfigError(f"phantom: expected a seed from 0, found {seed}")
        self.labelled = check_labelled("phantom", labelled)
        for amount in self.labelled:
            count_of("phantom", amount, subjects)
        self.sizes = {"train": subjects, "val": val, "test": test}
        self.correlation, self.seed, self.workers = correlation, seed, workers
        self.tasks = {"diagnosis": Classification(CLASSES)}
        self._parts: dict[str, list[Sample]] = {}

    def splits(self, seed: int) -> Sequence[Split]:
        train, val, test = (self._part(name) for name in ("train", "val", "test"))
        return [
            Split(
                name=split_name(amount),
                train=train,
                val=val,
                test=test,
                labelled=draw_labelled("phantom", amount, len(train), seed),
                group=group_name(amount),
            )
            for amount in self.labelled
        ]

    def sample(self, index: int) -> Sample:
        return make_sample(self.seed, index, self.correlation)

    def __len__(self) -> int:
        return self.sizes["train"]

    def _part(self, name: str) -> list[Sample]:
        if name not in self._parts:
            first = {"train": 0, "val": VAL_FROM, "test": TEST_FROM}[name]
            make = partial(make_sample, self.seed, correlation=self.correlation)
            numbers = range(first, first + self.sizes[name])
            self._parts[name] = make_all(make, numbers, workers=self.workers, chunk=32)
        return self._parts[name]
