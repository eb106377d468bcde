"""Bring one volume onto the grid of another by their affines, with MONAI's `SpatialResample`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import torch

from xmodal.errors import ConfigError, XmodalError
from xmodal.modalities.volume.volume import Grid, Volume

_MODES = {"linear": "bilinear", "nearest": "nearest"}


def resample_to(volume: Volume, like: Volume | Grid, mode: Literal["linear", "nearest"] = "linear") -> Volume:
    """The volume at the voxel centres of another grid, computed in float64.

    Nothing is smoothed first: going to voxels more than about twice as large, blur before.

    Args:
        like: the grid to reach, [Z, Y, X] with an affine in the same millimetres.
        mode: "linear" for intensities, "nearest" for masks and class numbers.

    Returns:
        A volume on that grid; 0 outside of what was scanned (within half a voxel of the border it fades to 0).

    Raises:
        XmodalError: MONAI is not installed.
    """
    if mode not in _MODES:
        raise ConfigError(f"mode: expected one of {sorted(_MODES)}, found {mode!r}")
    grid = like if isinstance(like, Grid) else like.grid
    monai = load_monai("resampling a volume")
    source = monai.data.MetaTensor(_swap(volume.data), affine=volume.affine)
    resample = monai.transforms.SpatialResample(
        mode=_MODES[mode], padding_mode="zeros", align_corners=True, dtype=torch.float64
    )
    moved = resample(source, dst_affine=grid.affine, spatial_size=grid.shape[::-1])
    data = _swap(moved.as_tensor()).to(torch.float32).contiguous()
    return replace(volume, data=data, affine=grid.affine)


def load_monai(what: str) -> Any:
    """The module `monai` with its data and transforms, or an XmodalError that says how to get it."""
    try:
        import monai.data
        import monai.transforms
    except ImportError as error:
        raise XmodalError(f"{what} needs MONAI: pip install 'xmodal[medical]'") from error
    return monai


def _swap(data: torch.Tensor) -> torch.Tensor:
    """[1, Z, Y, X] to MONAI's [1, X, Y, Z], and back."""
    return data.permute(0, 3, 2, 1)
