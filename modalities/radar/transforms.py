"""Augmentations of a radar cloud [P, 9]. Links into images stay as they are: projection happened before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import EntryTransform, Flip, draw_seed, map_links_into, rows_of, seeded, set_entry
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.lidar.transforms import DropPoints as DropLidarPoints
from xmodal.modalities.lidar.transforms import RotateZ as RotateLidarZ
from xmodal.modalities.lidar.transforms import turned
from xmodal.modalities.radar.columns import COLUMNS, RCS, VX, VY, X, Y, Z


class RotateZ(RotateLidarZ):
    """Rotate places and velocities about the vertical axis by an angle drawn from [-degrees, degrees)."""

    def __init__(self, degrees: float = 45.0, key: str = "radar") -> None:
        super().__init__(degrees, key)

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        return _turn(sample, self.key, lambda xy: turned(xy, params["degrees"]))


class FlipY(Flip):
    """Mirror left and right (y and vy change sign) with a probability."""

    def __init__(self, probability: float = 0.5, key: str = "radar") -> None:
        super().__init__(probability, key)

    def flipped(self, sample: Sample) -> Sample:
        return _turn(sample, self.key, lambda xy: xy * xy.new_tensor((1, -1)))


class DropPoints(DropLidarPoints):
    """Drop each point with the probability `fraction`, with its links and labels."""

    def __init__(self, fraction: float = 0.1, key: str = "radar") -> None:
        super().__init__(fraction, key)


class JitterRcs(EntryTransform):
    """Add normal noise of `std_db` decibels to the radar cross-section of each point."""

    fields = ("seed", "std_db")

    def __init__(self, std_db: float = 1.0, key: str = "radar") -> None:
        super().__init__(key)
        if std_db < 0:
            raise ConfigError(f"JitterRcs: expected std_db >= 0, found {std_db}")
        self.std_db = std_db

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"seed": draw_seed(generator), "std_db": self.std_db}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        points = radar_points(sample, self.key).clone()
        points[:, RCS] += torch.randn(len(points), generator=seeded(params["seed"])) * params["std_db"]
        return set_entry(sample, self.key, Rows(points))


class PolarNoise(EntryTransform):
    """Normal noise as a radar has it: small along the line of sight, larger across it.

    Each point is moved by `range_std_m` along its line of sight and turned by `azimuth_std_deg` about the vertical
    axis, its velocity with it. Radial velocities stay as measured.
    """

    fields = ("azimuth_std_deg", "range_std_m", "seed")

    def __init__(self, range_std_m: float = 0.1, azimuth_std_deg: float = 0.5, key: str = "radar") -> None:
        super().__init__(key)
        if min(range_std_m, azimuth_std_deg) < 0:
            raise ConfigError(
                f"PolarNoise: expected deviations >= 0, found {range_std_m} m and {azimuth_std_deg} degrees"
            )
        self.range_std_m, self.azimuth_std_deg = range_std_m, azimuth_std_deg

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {
            "azimuth_std_deg": self.azimuth_std_deg,
            "range_std_m": self.range_std_m,
            "seed": draw_seed(generator),
        }

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        points = radar_points(sample, self.key).clone()
        noise = torch.randn(len(points), 2, generator=seeded(params["seed"]))
        distance = torch.linalg.vector_norm(points[:, :3], dim=1).clamp_min(1e-6)
        # A point cannot be moved behind the radar.
        farther = (1 + noise[:, 0] * params["range_std_m"] / distance).clamp_min(0)
        points[:, [X, Y, Z]] *= farther.unsqueeze(1)
        angle = torch.deg2rad(noise[:, 1] * params["azimuth_std_deg"])
        cos, sin = angle.cos(), angle.sin()
        for a, b in ((X, Y), (VX, VY)):
            first, second = points[:, a].clone(), points[:, b].clone()
            points[:, a], points[:, b] = cos * first - sin * second, sin * first + cos * second
        return set_entry(sample, self.key, Rows(points))


def radar_points(sample: Sample, key: str) -> Tensor:
    """The cloud [P, 9] of the entry `key`; a DataError if it has other columns."""
    points = rows_of(sample, key)
    if points.ndim != 2 or points.shape[1] != len(COLUMNS):
        found = str(list(points.shape))
        raise DataError(f"entry {key!r} of {sample.key!r}", expected=f"radar points [P, {len(COLUMNS)}]", found=found)
    return points


def _turn(sample: Sample, key: str, change: Callable[[Tensor], Tensor]) -> Sample:
    """Apply `change` [P, 2] -> [P, 2] to places and velocities, and to whatever is located in the cloud's frame."""
    points = radar_points(sample, key).clone()
    for a, b in ((X, Y), (VX, VY)):
        points[:, [a, b]] = change(points[:, [a, b]])

    def located(xyz: Tensor) -> Tensor:
        return torch.cat([change(xyz[:, :2]), xyz[:, 2:]], dim=1)

    return map_links_into(set_entry(sample, key, Rows(points)), key, located)
