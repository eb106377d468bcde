"""Read a raster: .npy or TIFF to float32 [C, H, W], NaN where nothing was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from xmodal.errors import DataError
from xmodal.modalities.npy import read_npy
from xmodal.modalities.raster.tiff import read_tiff

KINDS = (".npy", ".tif", ".tiff")


def read_raster(path: Path | str, *, nodata: float | None = None) -> Tensor:
    """The bands as float32 [C, H, W], in the file's own units; row 0 is the top.

    `.npy` holds [H, W] or [C, H, W]. `.tif` may hold its bands interleaved, as planes, or as pages; a value that its
    GDAL_NODATA tag names becomes NaN.

    Args:
        nodata: one more value that stands for "not measured".

    Raises:
        DataError: missing, damaged, another layout, or values that are infinite in float32.
        XmodalError: a TIFF, and tifffile is not installed.
    """
    path = Path(path)
    if path.suffix.lower() not in KINDS:
        raise DataError(path, expected=f"a raster in one of {KINDS}", found=f"suffix {path.suffix!r}")
    values, marks = _read_npy(path) if path.suffix.lower() == ".npy" else read_tiff(path)
    if nodata is not None:
        marks = [*marks, nodata]
    return torch.from_numpy(_float32(path, values if values.ndim == 3 else values[None], marks))


def _read_npy(path: Path) -> tuple[NDArray[Any], list[float]]:
    values = read_npy(path, dimensions=(2, 3), content="a raster [C, H, W]")
    if values.dtype.names:
        raise DataError(f"{path}: dtype", expected="plain numbers", found=f"fields {values.dtype.names}")
    return values, []


def _float32(path: Path, values: NDArray[Any], marks: list[float]) -> NDArray[np.float32]:
    with np.errstate(over="ignore", invalid="ignore"):
        out = np.require(values, np.float32, ["W", "E"])  # what a TIFF gave needs no copy
        # Compared as float32: a mark is written with fewer digits than the pixel that it names.
        for mark in marks:
            out[out == np.float32(mark)] = np.nan
    if np.isinf(out).any():
        band, row, column = (int(i) for i in np.argwhere(np.isinf(out))[0])
        where = f"{path}: band {band}, row {row}, column {column}"
        raise DataError(
            where, expected="a number within the range of float32, or NaN", found=str(out[band, row, column])
        )
    return out
