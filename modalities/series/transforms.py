"""Augmentations of a series [T, C]; what has one label or link a step moves along.

Jitter, scaling, rotation and warping after Um et al., "Data Augmentation of Wearable Sensor Data for Parkinson's
Disease Monitoring using Convolutional Neural Networks", ICMI 2017.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from xmodal.data.sample import Sample
from xmodal.data.transforms import EntryTransform, Scaling, draw_seed, drop_some, seeded, uniform
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.series.steps import move_steps, set_steps, steps_of


class RandomCrop(EntryTransform):
    """Cut `length` steps out of the series, their start drawn uniformly; a shorter series stays whole."""

    fields = ("length", "start")

    def __init__(self, length: int, key: str = "series") -> None:
        super().__init__(key)
        if length < 1:
            raise ConfigError(f"RandomCrop needs a length of at least 1, not {length}")
        self.length = length

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        total = len(steps_of(sample, self.key))
        length = min(self.length, total)
        return {"length": length, "start": int(uniform(0, total - length + 1, generator))}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        values, start, length = steps_of(sample, self.key), params["start"], params["length"]
        if not 0 <= start <= start + length <= len(values):
            found = f"{length} steps from {start}"
            raise DataError(f"crop of {sample.key!r}", expected=f"a part of {len(values)} steps", found=found)

        def cut(rows: Tensor) -> Tensor:
            return rows[start : start + length]

        return move_steps(sample, self.key, cut(values), cut)


class Jitter(EntryTransform):
    """Add normal noise with standard deviation `std`, in the units of the series, to each value."""

    fields = ("seed", "std")

    def __init__(self, std: float = 0.05, key: str = "series") -> None:
        super().__init__(key)
        self.std = std

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"seed": draw_seed(generator), "std": self.std}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        values = steps_of(sample, self.key)
        noise = torch.randn(values.shape, generator=seeded(params["seed"]), dtype=values.dtype)
        return set_steps(sample, self.key, values + noise * params["std"])


class Scale(Scaling):
    """Multiply all channels by one factor drawn from [low, high)."""

    def __init__(self, low: float = 0.9, high: float = 1.1, key: str = "series") -> None:
        super().__init__(low, high, key)

    def scaled(self, sample: Sample, factor: float) -> Sample:
        return set_steps(sample, self.key, steps_of(sample, self.key) * factor)


class ChannelDropout(EntryTransform):
    """Set each channel to `fill` with a probability, but never all of them."""

    fields = ("channels", "fill")

    def __init__(self, probability: float = 0.1, fill: float = 0.0, key: str = "series") -> None:
        super().__init__(key)
        if not 0 <= probability < 1:
            raise ConfigError(f"ChannelDropout needs 0 <= probability < 1, not {probability}")
        self.probability, self.fill = probability, fill

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        dropped = drop_some(steps_of(sample, self.key).shape[1], self.probability, generator)
        return {"channels": dropped, "fill": self.fill}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        values = steps_of(sample, self.key).clone()
        values[:, params["channels"]] = params["fill"]
        return set_steps(sample, self.key, values)


class TimeWarp(EntryTransform):
    """Play equal parts of the series faster or slower, each at a speed drawn from [1 - strength, 1 + strength).

    The number of steps stays; values are interpolated linearly, labels and links take the nearest step.

    Args:
        strength: in [0, 1).
        parts: how many speeds.
    """

    fields = ("speeds",)

    def __init__(self, strength: float = 0.2, parts: int = 4, key: str = "series") -> None:
        super().__init__(key)
        if not 0 <= strength < 1 or parts < 1:
            raise ConfigError(f"TimeWarp needs 0 <= strength < 1 and parts >= 1, not {strength} and {parts}")
        self.strength, self.parts = strength, parts

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"speeds": [uniform(1 - self.strength, 1 + self.strength, generator) for _ in range(self.parts)]}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        values = steps_of(sample, self.key)
        if len(values) < 2:
            return sample
        source = _warped(torch.tensor(params["speeds"], dtype=torch.float64), len(values))
        before = source.long().clamp(max=len(values) - 2)
        share = (source - before).to(values.dtype).unsqueeze(1)
        mixed = values[before] + share * (values[before + 1] - values[before])
        return move_steps(sample, self.key, mixed, lambda rows: rows[source.round().long()])


def _warped(speeds: Tensor, count: int) -> Tensor:
    """[count] the step, with fractions, from which each step of the result is taken; from 0 to count - 1."""
    done = torch.cat([speeds.new_zeros(1), speeds.cumsum(0)])
    place = torch.linspace(0, len(speeds), count, dtype=speeds.dtype)
    part = place.long().clamp(max=len(speeds) - 1)
    return ((done[part] + (place - part) * speeds[part]) / done[-1] * (count - 1)).clamp(0, count - 1)


class Rotation(EntryTransform):
    """Turn 3-axis groups of channels about one random axis: the same sensor, worn another way.

    Args:
        groups: the channels (x, y, z) of each group; all turn together.
        degrees: the angle is drawn from [-degrees, degrees).
    """

    fields = ("axis", "degrees")

    def __init__(
        self, groups: Sequence[tuple[int, int, int]] = ((0, 1, 2),), degrees: float = 180.0, key: str = "series"
    ) -> None:
        super().__init__(key)
        if any(len(set(group)) != 3 for group in groups):
            raise ConfigError(f"Rotation needs groups of three channels, not {groups}")
        self.groups, self.degrees = tuple(groups), degrees

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        height, turn = uniform(-1, 1, generator), uniform(0, 2 * math.pi, generator)
        flat = math.sqrt(1 - height**2)  # uniform on the sphere
        axis = [flat * math.cos(turn), flat * math.sin(turn), height]
        return {"axis": axis, "degrees": uniform(-self.degrees, self.degrees, generator)}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        values = steps_of(sample, self.key).clone()
        if max(i for group in self.groups for i in group) >= values.shape[1]:
            found = f"{values.shape[1]} channels"
            raise DataError(f"entry {self.key!r} of {sample.key!r}", expected=f"the groups {self.groups}", found=found)
        turn = _rotation(params["axis"], params["degrees"]).to(values.dtype)
        for group in self.groups:
            values[:, list(group)] = values[:, list(group)] @ turn.T
        return set_steps(sample, self.key, values)


def _rotation(axis: Sequence[float], degrees: float) -> Tensor:
    """[3, 3] float64: a right-handed turn about a unit axis (Rodrigues' formula)."""
    x, y, z = axis
    cross = torch.tensor([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]], dtype=torch.float64)
    angle = math.radians(degrees)
    return torch.eye(3, dtype=torch.float64) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross
