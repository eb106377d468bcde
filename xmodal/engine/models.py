"""Builds the models and the Distillation of each phase from the config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from xmodal.adapter import Adapter, Model
from xmodal.balance import Balance, FixedWeights
from xmodal.data.benchmark import Benchmark, Split
from xmodal.data.transforms import Transform
from xmodal.distillation import Distillation
from xmodal.engine.build import build
from xmodal.engine.loader import Steps
from xmodal.engine.phases import Phase
from xmodal.engine.run_config import RunConfig
from xmodal.engine.schedule import Schedule
from xmodal.errors import ConfigError

PEER_SEED = 1_000_003
"""Added to the seed of peers: a peer of the student's own kind shall not begin as its copy."""


class Factory:
    """Everything a phase is made of, built from one config.

    Args:
        config: the run.
        benchmark: gives the tasks.
    """

    def __init__(self, config: RunConfig, benchmark: Benchmark) -> None:
        self.config, self.benchmark = config, benchmark

    def model(self, name: str, seed: int) -> Model:
        """A student, teacher or peer with fresh weights; the same seed gives the same weights in every arm."""
        kinds = {"teachers": self.config.teachers, "peers": self.config.peers}
        where = next((f"{kind}.{name}" for kind, nodes in kinds.items() if name in nodes), "student")
        node = self.config.student if name == "student" else {**self.config.teachers, **self.config.peers}[name]
        torch.manual_seed(seed)
        adapter = build(node, where)
        if not isinstance(adapter, Adapter):
            raise ConfigError(f"{name}: expected an adapter, found {type(adapter).__name__}")
        if name == "student":
            self._check_deploy(adapter)
        return Model(adapter, self.benchmark.tasks)

    def check(self) -> None:
        """Build every model once: a name or argument that does not fit is told before any data is made or read."""
        for name in ("student", *self.config.teachers, *self.config.peers):
            self.model(name, 0)

    def _check_deploy(self, student: Adapter) -> None:
        missing = [key for key in student.inputs if key not in self.config.deploy]
        if missing and not (student.partial and len(missing) < len(student.inputs)):
            raise ConfigError(
                f"student needs the entry {missing[0]!r} at test time, but deploy is {tuple(self.config.deploy)}"
            )

    def distillation(
        self, phase: Phase, teachers: Mapping[str, Model], seed: int, start: Mapping[str, Tensor] | None = None
    ) -> Distillation:
        """The module that the phase trains. Without teachers it is the model and its supervised losses.

        Args:
            start: the weights to begin with, as far as names and shapes agree.
        """
        peers = {name: self.model(kind, seed + PEER_SEED) for name, kind in phase.peers.items()}
        model = self.model(phase.model, seed)
        if start is not None:
            begin_with(model, start, phase.arm)
        if phase.model in self.config.teacher_distillers:
            return self._teacher(model, phase.model)
        balance = balance_of(self.config.balance, "balance")
        if not phase.taught:
            return Distillation(model, self.benchmark.tasks, balance=balance.supervised())
        distillers = build(self.config.distillers, "distillers")
        return Distillation(
            model,
            self.benchmark.tasks,
            teachers=teachers,
            peers=peers,
            distillers=distillers,
            balance=balance,
            view=phase.view,
        )

    def _teacher(self, model: Model, name: str) -> Distillation:
        """A teacher whose own training has more terms than its tasks."""
        distillers = build(self.config.teacher_distillers[name], f"teacher_distillers.{name}")
        balance = balance_of(self.config.teacher_balance.get(name), f"teacher_balance.{name}")
        return Distillation(model, self.benchmark.tasks, distillers=distillers, balance=balance)

    def schedule(self, phase: Phase) -> Schedule:
        """Labelled samples and steps are the same with and without teachers; only pairs are added.

        A teacher sees unlabelled samples only where `teacher_schedule` itself asks for them.
        """
        if phase.model == "student":
            whole = Schedule(**self.config.schedule)
            return whole if phase.taught else replace(whole, paired=0)
        paired = self.config.teacher_schedule.get("paired", 0)  # of its own: what it learns without labels
        return replace(Schedule(**{**self.config.schedule, **self.config.teacher_schedule}), paired=paired)

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
        others = [*(source.model for source in phase.learns_from.values()), *phase.peers.values()]
        pairs = split.having([*own, *(key for name in others for key in inputs[name])])
        for what, found in (("labelled samples", labelled), ("pairs", pairs)):
            if not found:
                raise ConfigError(f"arm {phase.arm!r}: no {what} in the train split have the entries that it reads")
        plan, transforms = self.schedule(phase), self.transforms(phase)
        return Steps(split.train, labelled, pairs, plan, transforms, seed, split.identity)

    def inputs(self, split: Split) -> dict[str, Sequence[str]]:
        """By model: the entries it reads, each of which some sample must have."""
        models = {name: self.model(name, 0) for name in ("student", *self.config.teachers, *self.config.peers)}
        known = frozenset().union(*split.keys) if split.keys else frozenset(split.train[0].entries)
        for name, model in models.items():
            for key in model.inputs:
                if key not in known:
                    raise ConfigError(f"{name} reads entry {key!r}; the data has {', '.join(sorted(known))}")
        return {name: model.inputs for name, model in models.items()}


def balance_of(node: Mapping[str, Any] | None, where: str) -> Balance:
    """The balance of a config node, FixedWeights() without one."""
    balance = build(node, where) if node else FixedWeights()
    if not isinstance(balance, Balance):
        raise ConfigError(f"{where}: expected a balance, found {type(balance).__name__}")
    return balance


def begin_with(model: Model, weights: Mapping[str, Tensor], arm: str) -> None:
    """Load the tensors whose names and shapes agree, and leave the others fresh.

    Raises:
        ConfigError: none agrees.
    """
    own = model.state_dict()
    fitting = {name: t for name, t in weights.items() if name in own and own[name].shape == t.shape}
    if not any(name.startswith("adapter.") for name in fitting):
        raise ConfigError(f"arm {arm!r}: start: no tensor of that teacher fits the student (names and shapes differ)")
    model.load_state_dict({**own, **fitting})
