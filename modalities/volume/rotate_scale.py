"""Turn and scale volumes about their middle, in millimetres."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from xmodal.data.sample import Sample
from xmodal.data.transforms import uniform
from xmodal.errors import ConfigError
from xmodal.modalities.volume.entries import grid_of
from xmodal.modalities.volume.joint import JointVolumeTransform, edit_volumes


class RotateScale(JointVolumeTransform):
    """Turn about x, y and z by angles from [-degrees, degrees) and scale by a factor from [low, high).

    The patient moves, the grid stays; a factor above 1 enlarges. Millimetres turn, not voxels, so that voxels which
    are longer than wide distort nothing. Intensities are linear, labels nearest; border voxels continue outwards.

    Args:
        spacing_mm: voxel size (x, y, z) of samples that hold no affine.
    """

    fields = ("degrees", "scale", "spacing_mm")

    def __init__(
        self,
        degrees: float = 10.0,
        low: float = 0.9,
        high: float = 1.1,
        spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0),
        keys: Sequence[str] | None = None,
    ) -> None:
        super().__init__(keys)
        if not 0 < low <= high or degrees < 0 or min(spacing_mm) <= 0:
            found = f"{degrees}, {low}, {high}, {spacing_mm}"
            raise ConfigError(f"RotateScale needs degrees >= 0, 0 < low <= high, spacing > 0, not {found}")
        self.degrees, self.low, self.high, self.spacing_mm = degrees, low, high, spacing_mm

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        grids = [grid for key in self.present(sample) if (grid := grid_of(sample, key)) is not None]
        degrees = [uniform(-self.degrees, self.degrees, generator) for _ in range(3)]
        spacing = grids[0].spacing_mm if grids else self.spacing_mm
        return {"degrees": degrees, "scale": uniform(self.low, self.high, generator), "spacing_mm": list(spacing)}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        size = torch.tensor(self.shape(sample)[::-1], dtype=torch.float64)  # x, y, z
        spacing = torch.tensor(params["spacing_mm"], dtype=torch.float64)
        forward = rotation(params["degrees"]) * params["scale"]
        forward = forward * spacing / spacing.unsqueeze(1)  # [3, 3] from old to new voxels
        middle = (size - 1) / 2

        def move(xyz: Tensor) -> Tensor:
            moved = ((xyz.double() - middle) @ forward.T + middle).to(xyz.dtype)
            inside = ((moved >= -0.5) & (moved < size.to(moved) - 0.5)).all(1)
            return torch.where(inside.unsqueeze(1), moved, torch.nan)

        places = _places(torch.linalg.inv(forward), size)
        return edit_volumes(
            sample,
            self.present(sample),
            lambda values: _sampled(values, places, "bilinear"),
            lambda values: _sampled(values, places, "nearest"),
            move,
        )


def rotation(degrees: Sequence[float]) -> Tensor:
    """[3, 3] float64: turns about x, then y, then z, each counterclockwise seen against its axis."""
    total = torch.eye(3, dtype=torch.float64)
    for axis, angle in enumerate(degrees):
        a, b = (axis + 1) % 3, (axis + 2) % 3
        turn = torch.eye(3, dtype=torch.float64)
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        turn[a, a], turn[a, b], turn[b, a], turn[b, b] = cos, -sin, sin, cos
        total = turn @ total
    return total


def _places(backward: Tensor, size: Tensor) -> Tensor:
    """[1, Z, Y, X, 3]: where each voxel of the result lies in the source, as `grid_sample` counts (-1 to 1)."""
    # Between the centres of the first and last voxel; a side of one voxel has no such span.
    half = ((size - 1) / 2).clamp_min(0.5)
    theta = torch.zeros(1, 3, 4, dtype=torch.float64)
    theta[0, :, :3] = backward * half / half.unsqueeze(1)
    x, y, z = (int(n) for n in size)
    return F.affine_grid(theta, [1, 1, z, y, x], align_corners=True)


def _sampled(values: Tensor, places: Tensor, mode: str) -> Tensor:
    # float64: integers of any label fit, and the place of a voxel does not depend on the size of the volume.
    wide = values.double().unsqueeze(0)
    out = F.grid_sample(wide, places, mode=mode, padding_mode="border", align_corners=True)[0]
    return out.to(values.dtype)
