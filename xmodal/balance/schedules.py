"""Weights that change while a phase runs: functions of `Frame.progress`, the share of its steps that is done.

PET-free amyloid (arXiv 2604.12574) goes from features to labels over the first tenth of its distillation: 0.3 to 0.4
on the labels is `Stages(((0.0, 0.3), (0.1, 0.4)), linear=True)`, 0.5 to 0.4 on the features the same way down.
Evidence: exact (those numbers; the source moves them once an epoch); the shapes themselves are common.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from xmodal.errors import ConfigError


class WeightSchedule:
    """A weight for each share of the phase that is done."""

    def __call__(self, progress: float) -> float:
        """The weight, from 0, at a progress in [0, 1]."""
        raise NotImplementedError


Weight = float | WeightSchedule
"""A number from 0, or a schedule of it."""


@dataclass(frozen=True, slots=True)
class WarmUp(WeightSchedule):
    """Linear from `start` at the beginning to `to` at progress `until`, then `to`; it may fall as well as rise.

    Raises:
        ConfigError: a weight below 0 or not finite, or `until` outside [0, 1]; 0 means `to` from the first step on.
    """

    to: float
    until: float
    start: float = 0.0

    def __post_init__(self) -> None:
        _check("WarmUp", to=self.to, start=self.start)
        _check("WarmUp", most=1.0, until=self.until)

    def __call__(self, progress: float) -> float:
        if progress >= self.until:
            return self.to
        return self.start + (self.to - self.start) * progress / self.until


@dataclass(frozen=True, slots=True)
class Cosine(WeightSchedule):
    """Half a cosine wave from `start` at progress `begin` to `end` at progress `until`, constant outside.

    Raises:
        ConfigError: a weight below 0 or not finite, or not 0 <= begin < until <= 1.
    """

    start: float
    end: float
    begin: float = 0.0
    until: float = 1.0

    def __post_init__(self) -> None:
        _check("Cosine", start=self.start, end=self.end)
        _check("Cosine", most=1.0, begin=self.begin, until=self.until)
        if self.begin >= self.until:
            raise ConfigError(f"Cosine: expected begin < until, found {self.begin} and {self.until}")

    def __call__(self, progress: float) -> float:
        share = min(max((progress - self.begin) / (self.until - self.begin), 0.0), 1.0)
        return self.end + (self.start - self.end) * 0.5 * (1.0 + math.cos(math.pi * share))


@dataclass(frozen=True, slots=True)
class Stages(WeightSchedule):
    """Each weight holds from its progress on: `Stages(((0.0, 1.0), (0.5, 0.2)))` drops to 0.2 at half time.

    Args:
        points: (progress, weight) pairs in rising order, the first at 0.
        linear: whether the weight moves in a straight line from each point to the next; the last one holds.

    Raises:
        ConfigError: points of another form or order.
    """

    points: Sequence[tuple[float, float]]
    linear: bool = False

    def __post_init__(self) -> None:
        if not self.points or any(isinstance(point, (str, float, int)) or len(point) != 2 for point in self.points):
            raise ConfigError(f"Stages: expected ((progress, weight), ...), found {self.points!r}")
        for progress, weight in self.points:
            _check("Stages", most=1.0, progress=progress)
            _check("Stages", weight=weight)
        places = [progress for progress, _ in self.points]
        if places[0] != 0 or any(a >= b for a, b in pairwise(places)):
            raise ConfigError(f"Stages: expected progress to rise from 0, found {', '.join(map(str, places))}")

    def __call__(self, progress: float) -> float:
        reached = max(sum(place <= progress for place, _ in self.points) - 1, 0)
        place, weight = self.points[reached]
        if not self.linear or reached + 1 == len(self.points):
            return weight
        then, following = self.points[reached + 1]
        return weight + (following - weight) * max(progress - place, 0.0) / (then - place)


def weight_at(weight: Weight, progress: float) -> float:
    """The number that a weight is at this progress."""
    return weight(progress) if isinstance(weight, WeightSchedule) else weight


def check_weight(name: str, weight: Weight) -> None:
    """A schedule, or a finite number from 0.

    Raises:
        ConfigError: otherwise.
    """
    if not isinstance(weight, WeightSchedule) and not _is_number(weight, math.inf):
        raise ConfigError(f"balance weight {name!r}: expected a number from 0, found {weight!r}")


def _is_number(value: object, most: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return 0 <= value <= most and value < math.inf


def _check(owner: str, *, most: float = math.inf, **values: float) -> None:
    for name, value in values.items():
        if not _is_number(value, most):
            limit = "" if most == math.inf else f" to {most:g}"
            raise ConfigError(f"{owner}.{name}: expected a number from 0{limit}, found {value!r}")
