"""Builds the models and the Distillation of each phase from the config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch

from xmodal.adapter import Adapter, Model
from xmodal.balance import FixedWeights
from xmodal.data.benchmark import Benchmark
from xmodal.data.sample import Sample
from xmodal.data.transforms import Transform
from xmodal.distillation import Distillation
from xmodal.engine.build import build
from xmodal.engine.config import RunConfig
from xmodal.engine.phases import Phase
from xmodal.engine.schedule import Schedule
from xmodal.errors import ConfigError


class Factory:
    """Everything a phase is made of, built from one config.

    Args:
        config: the run.
        benchmark: gives the tasks.
    """

    def __init__(self, config: RunConfig, benchmark: Benchmark) -> None:
        self.config, self.benchmark = config, benchmark

    def model(self, name: str, seed: int) -> Model:
        """The student or a teacher with fresh weights; the same seed gives the same weights in every arm."""
        node = self.config.student if name == "student" else self.config.teachers[name]
        torch.manual_seed(seed)
        adapter = build(node, "student" if name == "student" else f"teachers.{name}")
        if not isinstance(adapter, Adapter):
            raise ConfigError(f"{name}: expected an adapter, found {type(adapter).__name__}")
        if name == "student":
            self._check_deploy(adapter)
        return Model(adapter, self.benchmark.tasks)

    def _check_deploy(self, student: Adapter) -> None:
        for key in student.inputs:
            if key not in self.config.deploy:
                raise ConfigError(
                    f"student needs the entry {key!r} at test time, but deploy is {tuple(self.config.deploy)}"
                )

    def distillation(self, phase: Phase, teachers: Mapping[str, Model], seed: int) -> Distillation:
        """The module that the phase trains. Without teachers it is the model and its supervised losses."""
        model = self.model(phase.model, seed)
        if not phase.learns_from:
            return Distillation(model, self.benchmark.tasks)
        distillers = build(self.config.distillers, "distillers")
        balance = build(self.config.balance, "balance") if self.config.balance else FixedWeights()
        return Distillation(
            model,
            self.benchmark.tasks,
            teachers=teachers,
            distillers=distillers,
            balance=balance,
            view=phase.view,
        )

    def schedule(self, phase: Phase) -> Schedule:
        """Labelled samples and steps are the same with and without teachers; only pairs are added."""
        if phase.model == "student":
            whole = Schedule(**self.config.schedule)
            return whole if phase.learns_from else replace(whole, paired=0)
        return replace(Schedule(**{**self.config.schedule, **self.config.teacher_schedule}), paired=0)

    def transforms(self, phase: Phase) -> Sequence[Transform]:
        student = phase.model == "student"
        nodes = self.config.transforms if student else self.config.teacher_transforms
        built: Sequence[Transform] = build(list(nodes), "transforms" if student else "teacher_transforms")
        return built

    def check(self, sample: Sample) -> None:
        """Every model's inputs must be entries of the data."""
        models = {"student": self.model("student", 0)}
        models |= {name: self.model(name, 0) for name in self.config.teachers}
        for name, model in models.items():
            for key in model.inputs:
                if key not in sample.entries:
                    raise ConfigError(f"{name} reads entry {key!r}; the data has {', '.join(sorted(sample.entries))}")
