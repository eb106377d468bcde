"""The street seen from above: a regular grid of square cells, which of them hold a vehicle or a person, their boxes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from xmodal.benchmarks.street.objects import Objects
from xmodal.benchmarks.street.spec import F32, PEDESTRIAN, Bool

CLASSES = ("none", "vehicle", "person")
NONE, VEHICLE, PERSON = range(len(CLASSES))
BOX_COLUMNS = ("column", "row", "length", "width", "angle", "class", "speed")
"""Centre and size in cells; radians from columns towards rows; row of `CLASSES`; m/s along the length."""


@dataclass(frozen=True, slots=True)
class BevGrid:
    """Cells over the ground ahead: row 0 is the nearest (along x), column 0 the rightmost (along y, to the left).

    Attributes:
        extent_m: (low, high) along x and y.
        cell_m: edge of a cell.
        view_deg: the field of view of the sensors about x; cells whose middle lies outside have no label.
    """

    extent_m: tuple[tuple[float, float], tuple[float, float]] = ((0.0, 48.0), (-18.0, 18.0))
    cell_m: float = 1.5
    view_deg: float = 90.0

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        rows, columns = (round((high - low) / self.cell_m) for low, high in self.extent_m)
        return rows, columns

    def where(self) -> Tensor:
        """[rows * columns, 2] x and y of the cells' middles in metres."""
        axes = (
            low + (torch.arange(n) + 0.5) * self.cell_m for (low, _), n in zip(self.extent_m, self.shape, strict=True)
        )
        return torch.cartesian_prod(*axes)

    def in_view(self) -> Bool:
        """[rows, columns]."""
        x, y = self.where().numpy().T
        seen = np.degrees(np.arctan2(np.abs(y), x)) <= self.view_deg / 2
        return np.asarray(seen.reshape(self.shape))

    def boxes(self, objects: Objects) -> F32:
        """[M, 7] in the order of `BOX_COLUMNS`: the rows of `objects` in cells."""
        low = np.array([self.extent_m[1][0], self.extent_m[0][0]], dtype=np.float32)
        centre = (objects.centre_m[:, ::-1] - low) / self.cell_m
        # Columns run along y and rows along x, so that an angle is measured from the other axis.
        rest = np.pi / 2 - objects.yaw, kind_of(objects), objects.speed_mps
        return np.concatenate([centre, objects.size_m / self.cell_m, np.stack(rest, axis=1)], axis=1).astype(np.float32)


def kind_of(objects: Objects) -> NDArray[np.int64]:
    """[M] row of `CLASSES`."""
    return np.where(objects.label == PEDESTRIAN, PERSON, VEHICLE)


def label_map(grid: BevGrid, objects: Objects) -> NDArray[np.int64]:
    """[rows, columns] row of `CLASSES`: what reaches into each cell; a person hides a vehicle.

    -1, which is neither trained on nor scored: out of view, and cells that only things reach into which the LiDAR
    has no return of.
    """
    boxes, kind, seen = grid.boxes(objects), kind_of(objects), objects.returns > 0
    inside = reaches(boxes, grid.shape)  # [M, rows, columns]
    out = np.full(grid.shape, NONE, dtype=np.int64)
    out[inside[~seen].any(axis=0)] = -1
    for each in (VEHICLE, PERSON):
        out[inside[seen & (kind == each)].any(axis=0)] = each
    out[~grid.in_view()] = -1
    return out


def reaches(boxes: F32, shape: tuple[int, int]) -> Bool:
    """[M, rows, columns]: does a turned box reach into a cell? By separating axes, so that it is exact."""
    rows, columns = shape
    across = np.arange(columns) + 0.5 - boxes[:, 0, None, None]  # [M, 1, columns]
    down = (np.arange(rows) + 0.5)[:, None] - boxes[:, 1, None, None]  # [M, rows, 1]
    length, width = boxes[:, 2, None, None] / 2, boxes[:, 3, None, None] / 2
    cos, sin = np.cos(boxes[:, 4, None, None]), np.sin(boxes[:, 4, None, None])
    half_cell = (np.abs(cos) + np.abs(sin)) / 2
    return np.asarray(
        (np.abs(across) <= 0.5 + np.abs(cos) * length + np.abs(sin) * width)
        & (np.abs(down) <= 0.5 + np.abs(sin) * length + np.abs(cos) * width)
        & (np.abs(across * cos + down * sin) <= length + half_cell)
        & (np.abs(down * cos - across * sin) <= width + half_cell)
    )
