"""Every published system on eight samples."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from xmodal.bus import Frame
from xmodal.data.batch import Batch
from xmodal.distillation import Distillation
from xmodal.engine import papers
from xmodal.engine.build import build
from xmodal.engine.config import find, read
from xmodal.engine.models import Factory
from xmodal.engine.phases import phases
from xmodal.engine.run_config import RunConfig

SIZES = {
    "Street": ("scenes=8", "labelled=4", "val=1", "test=2", "workers=1"),
    "StreetBEV": ("scenes=8", "labelled=4", "val=1", "test=2", "workers=1"),
    "StreetPlaces": ("streets=4", "labelled=(4,)", "val=2", "test=2"),
    "Phantom": ("subjects=8", "labelled=(4,)", "val=1", "test=2"),
    "DigitsAV": ("labelled=(4,)", "most=8"),
}
"""By benchmark: the arguments that make it small."""
REAL = {"Ssvep": "ssvep-exo", "Mars": "mars", "Trees": "idtrees2020"}
"""By benchmark: its folder among the real data."""
STEPS = ("schedule.steps=3", "schedule.labelled=4", "schedule.paired=4", "precision=fp32")


def overrides_of(name: str, request: pytest.FixtureRequest) -> list[str]:
    """What makes the recipe small; skips it where its real data is absent."""
    config = read(find(f"papers/{name}"))
    kind = config.benchmark["type"].__name__
    texts = [*STEPS, "teacher_schedule.steps=3", *(f"benchmark.{text}" for text in SIZES.get(kind, ()))]
    if "labelled" in config.teacher_schedule:
        texts.append("teacher_schedule.labelled=4")
    if kind in REAL:
        root: Path = request.getfixturevalue("data_root")
        texts.append(f"benchmark.root={root / REAL[kind]}")
    return texts


_BUILT: dict[str, Any] = {}


def built(key: str, node: Any) -> Any:
    """The benchmark of a node; that of the last recipe is kept, since making samples costs most of a test."""
    if key not in _BUILT:
        _BUILT.clear()
        _BUILT[key] = build(node, "benchmark")
    return _BUILT[key]


class Bench:
    """One step of the distilled arm, with fresh teachers, on the first batch; the same at every call."""

    def __init__(self, name: str, overrides: Sequence[str]) -> None:
        self.name, self.overrides = name, list(overrides)
        self.benchmark = built(json.dumps(self.config().benchmark, default=str), self.config().benchmark)
        self.split = self.benchmark.splits(0)[0]

    def config(self, more: Sequence[str] = ()) -> RunConfig:
        return papers.configured(self.name, [*self.overrides, *more])

    def step(self, more: Sequence[str] = ()) -> tuple[Distillation, Batch]:
        config = self.config(more)
        factory = Factory(config, self.benchmark)
        phase = next(p for p in phases(config) if p.arm == "distilled")
        teachers = {
            name: factory.model(source.model, 5 + i) for i, (name, source) in enumerate(phase.learns_from.items())
        }
        start = teachers[config.start].state_dict() if config.start else None
        distillation = factory.distillation(phase, teachers, 0, start).train()
        steps = factory.steps(phase, self.split, factory.inputs(self.split), 0)
        distillation.prepare(lambda: [steps[0]])
        return distillation, steps[0]

    def gradients(self, more: Sequence[str] = ()) -> dict[str, Tensor]:
        """Of the student's parameters, zeros where none arrived."""
        distillation, batch = self.step(more)
        torch.manual_seed(1)
        distillation(batch, 0.5).total.backward()
        named = distillation.student.named_parameters()
        return {name: torch.zeros_like(p) if p.grad is None else p.grad for name, p in named}


def terms(distillation: Distillation, frame: Frame) -> dict[str, Tensor]:
    """Of all distillers, with the same random numbers at every call."""
    found = {}
    for name, distiller in distillation.distillers.items():
        state = {k: v.clone() for k, v in distiller.state_dict().items()}
        torch.manual_seed(2)
        found |= {f"{name}/{term}": value.detach() for term, value in distiller(frame).items()}
        distiller.load_state_dict(state)  # statistics that follow the batches
    return found


def disturbed(value: Any, path: Sequence[str]) -> Any:
    """A copy in which the tensor at the end of the path is another one."""
    if not path:
        assert isinstance(value, Tensor), f"the path ends at a {type(value).__name__}"
        noise = torch.randn(value.shape, generator=torch.Generator().manual_seed(3))
        return value.detach() + (noise * (1 + value.detach().abs().mean())).to(value.dtype)
    first, rest = path[0], path[1:]
    if isinstance(value, dict):
        assert first in value, f"{first!r} is none of {sorted(value)}"
        return {**value, first: disturbed(value[first], rest)}
    if isinstance(value, tuple):
        items = list(value)
        items[int(first)] = disturbed(items[int(first)], rest)
        return tuple(items)
    assert is_dataclass(value), f"{first!r} is looked for in a {type(value).__name__}"
    assert first in {f.name for f in fields(value)}, f"{type(value).__name__} has no {first!r}"
    return replace(value, **{first: disturbed(getattr(value, first), rest)})
