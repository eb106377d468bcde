"""One volume with its place in the body: voxels, affine, units. All of this package keeps its axis order."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from xmodal.errors import DataError

SAME_GRID_MM = 1e-3
"""Two grids are one if no corner of theirs lies further apart than this."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the voxels of a volume lie.

    Attributes:
        shape: (Z, Y, X).
        affine: [4, 4] float64, from voxel indices (x, y, z, 1) to millimetres in RAS+ (right, anterior, superior);
            index i is the centre of voxel i.
    """

    shape: tuple[int, int, int]
    affine: Tensor

    def __post_init__(self) -> None:
        if self.affine.shape != (4, 4) or self.affine.dtype != torch.float64:
            found = f"{self.affine.dtype} {list(self.affine.shape)}"
            raise DataError("affine of a volume", expected="float64 [4, 4]", found=found)

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance of neighbouring voxels along x, y, z."""
        x, y, z = self.affine[:3, :3].norm(dim=0).tolist()
        return x, y, z

    def with_spacing(self, spacing_mm: tuple[float, float, float]) -> Grid:
        """A grid over the same box and axes with voxels of another size (x, y, z); the box grows to whole voxels."""
        if min(spacing_mm) <= 0:
            raise DataError("spacing_mm", expected="three lengths above 0", found=f"{spacing_mm}")
        ratio = torch.tensor(spacing_mm, dtype=torch.float64) / torch.tensor(self.spacing_mm, dtype=torch.float64)
        shape = [max(1, int(-(-n // r))) for n, r in zip(self.shape[::-1], ratio.tolist(), strict=True)]
        affine = self.affine.clone()
        affine[:3, :3] *= ratio
        # The outer faces of the first voxels coincide, not their centres.
        affine[:3, 3] += self.affine[:3, :3] @ ((ratio - 1) / 2)
        return Grid((shape[2], shape[1], shape[0]), affine)

    def moved(self, start: tuple[int, int, int], shape: tuple[int, int, int]) -> Grid:
        """The grid of a window that begins at voxel `start` (z, y, x; may be negative)."""
        affine = self.affine.clone()
        affine[:3, 3] += self.affine[:3, :3] @ torch.tensor(start[::-1], dtype=torch.float64)
        return Grid(shape, affine)

    def same(self, other: Grid) -> bool:
        """Whether the voxels of both lie at the same places."""
        if self.shape != other.shape:
            return False
        sides = [(0.0, float(n - 1)) for n in self.shape[::-1]]
        corners = torch.cartesian_prod(*(torch.tensor(side, dtype=torch.float64) for side in sides))  # [8, 3] x, y, z
        gap = corners @ (self.affine - other.affine)[:3, :3].T + (self.affine - other.affine)[:3, 3]
        return bool(gap.norm(dim=1).max() <= SAME_GRID_MM)


@dataclass(frozen=True, slots=True)
class Volume:
    """A scan.

    Attributes:
        data: [1, Z, Y, X] float32. x rises to the patient's right, y to the front, z to the head (RAS+, up to the
            rotation in the affine); a left-right flip is a flip of the last axis.
        affine: [4, 4] float64, from voxel indices (x, y, z, 1) to millimetres in RAS+.
        units: of the values: "Bq/mL", "SUV", "SUVR", "HU", "z"; "" where unknown.
        space: what the millimetres refer to, by the file: "scanner", "aligned", "talairach", "mni152", "template".
    """

    data: Tensor
    affine: Tensor
    units: str = ""
    space: str = "scanner"

    def __post_init__(self) -> None:
        if self.data.ndim != 4 or self.data.shape[0] != 1 or self.data.dtype != torch.float32:
            found = f"{self.data.dtype} {list(self.data.shape)}"
            raise DataError("data of a volume", expected="float32 [1, Z, Y, X]", found=found)
        Grid((1, 1, 1), self.affine)

    @property
    def grid(self) -> Grid:
        _, z, y, x = self.data.shape
        return Grid((z, y, x), self.affine)

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance of neighbouring voxels along x, y, z."""
        return self.grid.spacing_mm

    def with_data(self, data: Tensor, units: str) -> Volume:
        """Other values in the same place."""
        return replace(self, data=data, units=units)


def need_same_grid(a: Volume, b: Volume, names: str) -> None:
    """A DataError unless both volumes have one grid; `names` says which two these are."""
    if not a.grid.same(b.grid):
        found = f"[Z, Y, X] = {list(a.grid.shape)} and {list(b.grid.shape)}, or affines that differ"
        raise DataError(names, expected="one grid (resample one to the other first)", found=found)


def need_units(volume: Volume, known: tuple[str, ...], owner: str) -> None:
    """A DataError unless the values of the volume are in one of these units."""
    if volume.units not in known:
        raise DataError(f"units of the volume for {owner}", expected=f"one of {known}", found=repr(volume.units))
