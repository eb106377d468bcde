"""The step bench's side of xmodal: what `xmodal train` runs for one arm, from optimiser to checkpoints."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import torch
from rich.console import Console

from xmodal.balance import FixedWeights
from xmodal.benchmarks.speed.blocks import Numbered
from xmodal.benchmarks.speed.hand_written import TEMPERATURE
from xmodal.benchmarks.speed.step_case import SEED, TASK, TASKS, Case
from xmodal.data.batch import Batch
from xmodal.distillation import Distillation
from xmodal.distillers import Compare
from xmodal.engine.fit import fit
from xmodal.engine.loader import Steps
from xmodal.engine.log import Log
from xmodal.engine.schedule import Schedule
from xmodal.losses import KDLoss


class Ready(Steps):
    """Batches that lie ready, one for each step."""

    def __init__(self, batches: Numbered[Batch], schedule: Schedule) -> None:
        self.batches, self.schedule = batches, schedule

    def __getitem__(self, step: int) -> Batch:
        return self.batches[step]


def distillation(case: Case) -> Distillation:
    """Cross-entropy plus the mean over teachers of the KL."""
    teachers = {f"teacher{number}": model for number, model in enumerate(case.teacher_models())}
    losses = {name: KDLoss(temperature=TEMPERATURE, reduction="none") for name in teachers}
    distillers = {
        f"soft_{name}": Compare(loss, what="output", task=TASK, teacher=name) for name, loss in losses.items()
    }
    weights = dict.fromkeys(distillers, 1 / case.teachers)
    student = case.model(SEED)
    return Distillation(student, TASKS, teachers=teachers, distillers=distillers, balance=FixedWeights(weights))


def train(case: Case, batches: Numbered[Batch], *, steps: int, folder: Path) -> None:
    """With the settings that are the default: a bar, a line in a file every 20 steps, a checkpoint every 200.

    The bar is drawn as on a terminal, into nothing.
    """
    schedule = Schedule(steps=steps)
    label = {"seed": SEED, "split": "all", "arm": "distilled"}
    with Path(os.devnull).open("w", encoding="utf-8") as nothing:
        log = Log(folder, Console(file=nothing, force_terminal=True, width=120))
        with log.phase(label, steps) as report:
            fit(
                distillation(case),
                Ready(batches, schedule),
                schedule,
                checkpoint=folder / "checkpoint.pt",
                device=torch.device("cpu"),
                precision="fp32",
                report=report,
            )


def losses(case: Case, batches: Numbered[Batch], *, steps: int, folder: Path) -> list[float]:
    """The loss of each step."""
    found: list[float] = []

    def report(step: int, numbers: Mapping[str, float], waiting: float) -> None:
        found.append(numbers["loss"])

    schedule = Schedule(steps=steps, log_every=1)
    fit(
        distillation(case),
        Ready(batches, schedule),
        schedule,
        checkpoint=folder / "checkpoint.pt",
        device=torch.device("cpu"),
        precision="fp32",
        report=report,
    )
    return found
