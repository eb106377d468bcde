"""Flat views of a cloud: each token falls into a cell of a plane seen from above, from the side, or by the scanner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import torch
from torch import Tensor

from xmodal.errors import ConfigError, unknown
from xmodal.modalities.lidar.segments import Segments
from xmodal.modalities.lidar.voxels import Extent

AXES = {"xy": (0, 1), "xz": (0, 2), "yz": (1, 2)}
VIEWS = (*AXES, "range")


@dataclass(frozen=True, slots=True)
class Plane:
    """One view and its grid.

    Attributes:
        name: "xy", "xz", "yz" (metres), or "range": azimuth by elevation as a scanner at the origin sees it (degrees).
        cell: the size of a cell along the two axes, in metres or degrees.
        bounds: (low, high) along the two axes; what lies outside is counted to the border cells.
    """

    name: str
    cell: tuple[float, float]
    bounds: tuple[tuple[float, float], tuple[float, float]]

    @property
    def shape(self) -> tuple[int, int]:
        """Cells along the two axes."""
        h, w = (max(1, ceil((high - low) / size)) for (low, high), size in zip(self.bounds, self.cell, strict=True))
        return h, w

    def segments(self, where: Tensor, sample: Tensor, batch_size: int) -> Segments:
        """Group tokens at where [T, 3] (metres) of sample [T] into the batch_size * H * W cells."""
        seen = _angles(where) if self.name == "range" else where[:, list(AXES[self.name])]
        low = seen.new_tensor(self.bounds)[:, 0]
        place = ((seen - low) / seen.new_tensor(self.cell)).floor().long()
        (h, w) = self.shape
        row, column = place[:, 0].clamp(0, h - 1), place[:, 1].clamp(0, w - 1)
        return Segments.build((sample * h + row) * w + column, groups=batch_size * h * w)


def make_planes(
    names: Sequence[str],
    cells: Sequence[tuple[float, float]],
    extent_m: Extent,
    view_deg: tuple[tuple[float, float], tuple[float, float]],
) -> tuple[Plane, ...]:
    """The planes of those names; a ConfigError where a name is unknown or a cell size is missing."""
    if len(names) != len(cells) or not names:
        raise ConfigError(f"expected one cell size for each plane, found {len(cells)} for the planes {tuple(names)}")
    return tuple(_plane(name, cell, extent_m, view_deg) for name, cell in zip(names, cells, strict=True))


def _plane(
    name: str,
    cell: tuple[float, float],
    extent_m: Extent,
    view_deg: tuple[tuple[float, float], tuple[float, float]],
) -> Plane:
    if name not in VIEWS:
        raise unknown("plane", name, VIEWS)
    if min(cell) <= 0:
        raise ConfigError(f"plane {name}: expected positive cell sizes, found {tuple(cell)}")
    if name == "range":
        return Plane(name, cell, view_deg)
    a, b = AXES[name]
    return Plane(name, cell, (extent_m[a], extent_m[b]))


def _angles(where: Tensor) -> Tensor:
    """[T, 3] -> [T, 2]: azimuth from x towards y and elevation from the horizon, in degrees."""
    x, y, z = where.unbind(1)
    return torch.rad2deg(torch.stack([torch.atan2(y, x), torch.atan2(z, torch.hypot(x, y))], dim=1))
