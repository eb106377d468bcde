"""Augmentations of a point cloud. Links into images stay as they are: projection happened before."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import (
    EntryTransform,
    Flip,
    Scaling,
    draw_seed,
    keep_rows,
    map_links_into,
    rows_of,
    seeded,
    set_entry,
    uniform,
)
from xmodal.errors import ConfigError


class RotateZ(EntryTransform):
    """Rotate about the vertical axis by an angle drawn from [-degrees, degrees), counterclockwise seen from above."""

    fields = ("degrees",)

    def __init__(self, degrees: float = 180.0, key: str = "lidar") -> None:
        super().__init__(key)
        self.degrees = degrees

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"degrees": uniform(-self.degrees, self.degrees, generator)}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        def rotate(xyz: Tensor) -> Tensor:
            return torch.cat((turned(xyz[:, :2], params["degrees"]), xyz[:, 2:]), 1)

        return _move(sample, self.key, rotate)


def turned(xy: Tensor, degrees: float) -> Tensor:
    """x and y [P, 2] turned counterclockwise."""
    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    x, y = xy.unbind(1)
    return torch.stack((cos * x - sin * y, sin * x + cos * y), 1)


class Scale(Scaling):
    """Scale x, y and z by one factor drawn from [low, high)."""

    def __init__(self, low: float = 0.95, high: float = 1.05, key: str = "lidar") -> None:
        super().__init__(low, high, key)

    def scaled(self, sample: Sample, factor: float) -> Sample:
        return _move(sample, self.key, lambda xyz: xyz * factor)


class FlipY(Flip):
    """Mirror left and right (y becomes -y) with a probability."""

    def __init__(self, probability: float = 0.5, key: str = "lidar") -> None:
        super().__init__(probability, key)

    def flipped(self, sample: Sample) -> Sample:
        return _move(sample, self.key, lambda xyz: xyz * xyz.new_tensor((1, -1, 1)))


class DropPoints(EntryTransform):
    """Drop each point with the probability `fraction`, with its links and labels."""

    fields = ("fraction", "seed")

    def __init__(self, fraction: float = 0.1, key: str = "lidar") -> None:
        super().__init__(key)
        if not 0 <= fraction < 1:
            raise ConfigError(f"DropPoints needs 0 <= fraction < 1, not {fraction}")
        self.fraction = fraction

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"fraction": self.fraction, "seed": draw_seed(generator)}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        points = rows_of(sample, self.key)
        keep = torch.rand(len(points), generator=seeded(params["seed"])) >= params["fraction"]
        return keep_rows(sample, self.key, keep)


class Jitter(EntryTransform):
    """Add normal noise of `std_m` metres to x, y and z of each point, cut off at `clip_m`."""

    fields = ("clip_m", "seed", "std_m")

    def __init__(self, std_m: float = 0.01, clip_m: float = 0.05, key: str = "lidar") -> None:
        super().__init__(key)
        self.std_m, self.clip_m = std_m, clip_m

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"clip_m": self.clip_m, "seed": draw_seed(generator), "std_m": self.std_m}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        points = rows_of(sample, self.key)
        noise = torch.randn(len(points), 3, generator=seeded(params["seed"])) * params["std_m"]
        noise = noise.clamp(-params["clip_m"], params["clip_m"])
        moved = points.clone()
        moved[:, :3] += noise
        return set_entry(sample, self.key, Rows(moved))


def _move(sample: Sample, key: str, change: Callable[[Tensor], Tensor]) -> Sample:
    """Apply `change` [P, 3] -> [P, 3] to the cloud and to whatever is located in its frame; its pose is gone."""
    sample = replace(sample, poses={k: pose for k, pose in sample.poses.items() if k != key})
    points = rows_of(sample, key)
    moved = points.clone()
    moved[:, :3] = change(points[:, :3])
    return map_links_into(set_entry(sample, key, Rows(moved)), key, change)
