"""A regular grid of square cells on the ground, into which tokens and points fall."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from xmodal.distillers.geometry._point_pairs import rows_of

Bounds = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class GroundGrid:
    """Rows along x, columns along y.

    Attributes:
        extent_m: (low, high) along x and y; what lies outside falls in no cell.
        cell_m: edge of a cell.
    """

    extent_m: Bounds
    cell_m: float

    def __post_init__(self) -> None:
        if self.cell_m <= 0 or any(low >= high for low, high in self.extent_m):
            raise ValueError(f"expected cell_m > 0 and low < high, found {self.cell_m} and {self.extent_m}")

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = (max(1, -int(-(high - low) // self.cell_m)) for low, high in self.extent_m)
        return rows, columns

    def cells(self, where: Tensor) -> Tensor:
        """[...] long: the cell of each place [..., >= 2] in metres, -1 outside; NaN is outside."""
        low, high = where.new_tensor(self.extent_m).unbind(1)
        xy = where[..., :2]
        inside = ((xy >= low) & (xy < high)).all(-1)
        row, column = ((xy - low) / self.cell_m).nan_to_num().floor().long().unbind(-1)
        rows, columns = self.shape
        cell = row.clamp(0, rows - 1) * columns + column.clamp(0, columns - 1)
        return torch.where(inside, cell, -1)

    def mean(self, x: Tensor, where: Tensor, keep: Tensor) -> Tensor:
        """[B, D, rows, columns]: the mean of the kept tokens x [B, N, D] at where [B, N, k] in each cell, or 0."""
        rows, columns = self.shape
        cell, x = self.cells(where), x.to(torch.promote_types(x.dtype, torch.float32))
        sample, token = (keep & (cell >= 0)).nonzero(as_tuple=True)
        place = sample * (rows * columns) + cell[sample, token]
        sums = x.new_zeros(len(x) * rows * columns, x.shape[-1]).index_add(0, place, rows_of(x, sample, token))
        counts = torch.bincount(place, minlength=len(sums)).clamp_min(1).to(x.dtype)
        return (sums / counts.unsqueeze(1)).view(len(x), rows, columns, -1).permute(0, 3, 1, 2)

    def occupied(self, where: Tensor, keep: Tensor) -> Tensor:
        """[B, 1, rows, columns] of 0 and 1: the cells that hold a kept point, where [B, E, >= 2]."""
        return (self.mean(torch.ones_like(where[..., :1]), where, keep) > 0).to(where.dtype)
