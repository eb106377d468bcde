"""Builds the models and the Distillation of each phase from the config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch

from xmodal.adapter import Adapter, Model
from xmodal.balance import FixedWeights
from xmodal.data.benchmark import Benchmark, Split
from xmodal.data.transforms import Transform
from xmodal.distillation import Distillation
from xmodal.engine.build import build
from xmodal.engine.config import RunConfig
from xmodal.engine.loader import Steps
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
        balance = build(self.config.balance, "balance") if self.config.balance else FixedWeights()
        if not phase.learns_from:
            alone = balance.supervised() if isinstance(balance, FixedWeights) else FixedWeights()
            return Distillation(model, self.benchmark.tasks, balance=alone)
        distillers = build(self.config.distillers, "distillers")
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

    def steps(self, phase: Phase, split: Split, inputs: Mapping[str, Sequence[str]], seed: int) -> Steps:
        """The batches of a phase: labelled samples that its model can read, pairs that its teachers can read too.

        Args:
            inputs: by model name ("student", a teacher's): the entries it reads.
        """
        own = inputs[phase.model]
        more = None if phase.model == "student" else split.teacher_labelled
        labelled = split.having(own, split.labelled if more is None else more)
        pairs = split.having([*own, *(key for name in phase.learns_from for key in inputs[name])])
        for what, found in (("labelled samples", labelled), ("pairs", pairs)):
            if not found:
                raise ConfigError(f"arm {phase.arm!r}: no {what} in the train split have the entries that it reads")
        plan, transforms = self.schedule(phase), self.transforms(phase)
        return Steps(split.train, labelled, pairs, plan, transforms, seed, split.identity)

    def inputs(self, split: Split) -> dict[str, Sequence[str]]:
        """By model: the entries it reads, each of which some sample must have."""
        models = {name: self.model(name, 0) for name in ("student", *self.config.teachers)}
        known = frozenset().union(*split.keys) if split.keys else frozenset(split.train[0].entries)
        for name, model in models.items():
            for key in model.inputs:
                if key not in known:
                    raise ConfigError(f"{name} reads entry {key!r}; the data has {', '.join(sorted(known))}")
        return {name: model.inputs for name, model in models.items()}
