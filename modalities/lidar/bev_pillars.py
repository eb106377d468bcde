"""The points of a cloud gathered in the cells of a grid on the ground, whatever their height."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from xmodal.data.batch import Ragged
from xmodal.errors import ConfigError
from xmodal.modalities.lidar.segments import Segments, segment_mean

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class BevCells:
    """Square cells on the ground: rows run along x, columns along y; see the arguments of `BevPoints`."""

    extent_m: tuple[Span, Span]
    cell_m: float
    height_m: Span
    origin_m: tuple[float, float]

    def __post_init__(self) -> None:
        spans = (*self.extent_m, self.height_m)
        if self.cell_m <= 0 or any(low >= high for low, high in spans):
            raise ConfigError(f"expected cell_m > 0 and low < high, found cell_m={self.cell_m} and {spans}")

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        rows, columns = (max(1, round((high - low) / self.cell_m)) for low, high in self.extent_m)
        return rows, columns

    def where(self, coarser: int = 1) -> Tensor:
        """[rows / coarser * columns / coarser, 2] x, y of the middles of cells `coarser` times as large, in metres."""
        edge = self.cell_m * coarser
        (x_low, _), (y_low, _) = self.extent_m
        rows, columns = (torch.arange(n // coarser) + 0.5 for n in self.shape)
        return torch.cartesian_prod(x_low + rows * edge, y_low + columns * edge)

    def scaled_places(self) -> Tensor:
        """[2, rows, columns] the same x and y, from -1 to 1 over the grid."""
        low, high = torch.tensor(self.extent_m).unbind(1)
        return ((self.where() - low) / (high - low) * 2 - 1).T.reshape(2, *self.shape)

    def coarse(self, of: Tensor, coarser: int) -> Tensor:
        """The cell [B, E] of each point on the grid of cells `coarser` times as large; -1 stays."""
        columns = self.shape[1]
        row, column = of.div(columns, rounding_mode="floor") // coarser, of % columns // coarser
        return torch.where(of >= 0, row * (columns // coarser) + column, -1)


class Pillars(NamedTuple):
    """features [B, N, 3 + 3 F] of each cell (zeros where empty), occupied [B, N] bool, of [B, E] the point's cell."""

    features: Tensor
    occupied: Tensor
    of: Tensor


def pillars_of(cloud: Ragged, cells: BevCells, units: Sequence[float]) -> Pillars:
    """Of the points in a cell: log(1 + number), mean offset from the middle; mean, maximum, minus minimum of columns.

    Args:
        cloud: values [sum, 2 + F]: x, y in metres, then F columns, z in metres first.
        units: [F] by which the columns are divided.
    """
    rows, columns = cells.shape
    count, samples = rows * columns, len(cloud.lengths)
    values = cloud.values.float()
    low = values.new_tensor(cells.extent_m)[:, 0]
    place = (values[:, :2] + values.new_tensor(cells.origin_m) - low) / cells.cell_m  # row, column
    z = values[:, 2]
    inside = (place >= 0).all(1) & (place[:, 0] < rows) & (place[:, 1] < columns)
    inside &= (z >= cells.height_m[0]) & (z < cells.height_m[1])
    kept = inside.nonzero().squeeze(1)
    corner = place[kept].floor()
    cell = (corner[:, 0] * columns + corner[:, 1]).long()
    flat = torch.full((len(values),), -1, device=values.device).index_copy(0, kept, cell)
    slot = cloud.sample()[kept] * count + cell
    segments = Segments.build(slot, groups=samples * count)
    points = values[kept, 2:] / values.new_tensor(units)
    means = segment_mean(torch.cat([place[kept] - corner - 0.5, points], dim=1), segments)
    extremes = points.new_zeros(samples * count, 2 * points.shape[1])
    both = torch.cat([points, -points], dim=1)  # the minimum is the maximum of the opposite
    extremes.scatter_reduce_(0, slot.unsqueeze(1).expand_as(both), both, reduce="amax", include_self=False)
    crowd = segments.count.float().log1p().unsqueeze(1)
    features = torch.cat([crowd, means, extremes], dim=1).view(samples, count, -1)
    of, _ = Ragged(flat, cloud.lengths).padded(fill=-1)
    return Pillars(features, (segments.count > 0).view(samples, count), of)
