"""What the growth bench trains: one epoch of tiny nets over any number of samples, teachers and tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Literal

import torch
from torch import nn

from xmodal.adapter import Adapter, Model, Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch
from xmodal.data.sample import Sample
from xmodal.distillation import Distillation
from xmodal.distillers import Compare
from xmodal.engine.fit import fit
from xmodal.engine.loader import Steps
from xmodal.engine.schedule import Schedule
from xmodal.losses import CosineLoss
from xmodal.tasks import Classification

SEED = 0
BATCH, FEATURES, WIDTH = 8, 8, 32
TASKS = {"kind": Classification(tuple("abcd"))}
STUDENT, OTHER = "series", "series/other"
PairedBy = Literal["grid", "clock"]


class Tiny(Adapter):
    """Two linear layers over each token; all tokens lie evenly in a second."""

    modality = "series"

    def __init__(self, key: str) -> None:
        super().__init__()
        self.inputs = (key,)
        self.net = nn.Sequential(nn.Linear(FEATURES, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH))
        self.width = self.token_width = WIDTH

    def forward(self, batch: Batch, need: Need) -> Embedding:
        x = self.net(batch.tensor(self.inputs[0]))  # [B, N, D]
        count = x.shape[1]
        where = ((torch.arange(count) + 0.5) / count).expand(len(x), -1).unsqueeze(2)  # [B, N, 1]
        tokens = Tokens(x, where=where, frame="time_s", grid=(count,), key=self.inputs[0])
        return Embedding(pooled=x.mean(1), tokens=tokens)


@dataclass(frozen=True, slots=True)
class Case:
    """One size of everything.

    Attributes:
        samples: in an epoch; tokens: of each.
        teachers: each with a loss on its tokens.
        paired_by: "grid", teachers read what the student reads; "clock", another entry, so that tokens are paired by
            their times.
    """

    samples: int
    teachers: int
    tokens: int
    paired_by: PairedBy = "grid"

    def distillation(self) -> Distillation:
        torch.manual_seed(SEED)
        key = {"grid": STUDENT, "clock": OTHER}[self.paired_by]
        teachers: Mapping[str, Adapter] = {f"teacher{number}": Tiny(key) for number in range(self.teachers)}
        distillers = {
            f"tokens_{name}": Compare(CosineLoss(reduction="none"), what="tokens", teacher=name) for name in teachers
        }
        return Distillation(Model(Tiny(STUDENT), TASKS), TASKS, teachers=teachers, distillers=distillers)

    def data(self) -> list[Sample]:
        make = torch.Generator().manual_seed(SEED)
        keys = {"grid": (STUDENT,), "clock": (STUDENT, OTHER)}[self.paired_by]
        return [
            Sample(
                f"s{number}",
                {key: torch.randn(self.tokens, FEATURES, generator=make) for key in keys},
                labels={"kind": torch.randint(4, (), generator=make)},
            )
            for number in range(self.samples)
        ]

    def epoch(self) -> Callable[[], float]:
        """A call that trains for one epoch with what `xmodal train` runs, and gives its seconds.

        The clock stops at the report of the last step: the checkpoint after it is no part of what grows.
        """
        schedule = Schedule(steps=-(-self.samples // BATCH), labelled=BATCH, paired=0, log_every=20)
        steps = Steps(self.data(), range(self.samples), (), schedule, (), SEED)
        distillation = self.distillation()

        def call() -> float:
            ended = []
            with TemporaryDirectory() as folder:
                start = perf_counter()
                fit(
                    distillation,
                    steps,
                    schedule,
                    checkpoint=Path(folder) / "checkpoint.pt",
                    device=torch.device("cpu"),
                    precision="fp32",
                    report=lambda step, numbers, waiting: ended.append(perf_counter()),
                )
            return ended[-1] - start

        return call
