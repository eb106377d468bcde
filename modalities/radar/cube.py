"""Radar cubes: power over range, Doppler, azimuth (and elevation), from `.npy` files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from xmodal.data.sample import Rows
from xmodal.errors import DataError
from xmodal.modalities.lidar.files import check_finite, open_npy, to_float32
from xmodal.modalities.radar.columns import COLUMNS, radar_rows

MAX_CELLS = 2**26
DIMENSIONS = {3: "[range, Doppler, azimuth]", 4: "[range, Doppler, azimuth, elevation]"}


def read_cube(path: Path | str) -> Tensor:
    """Read a cube: float32 [R, D, A] or [R, D, A, E], axes in this order; complex numbers become magnitudes.

    Raises:
        DataError: no such array, objects, another number of axes, more than 256 MiB, or numbers that are not finite.
    """
    path = Path(path)
    return _cube(path, open_npy(path))


def read_array(path: Path | str) -> Rows | Tensor:
    """Read a `.npy`: a cube, or, with two axes, a cloud [P, 9] in the order of `COLUMNS`."""
    path = Path(path)
    values = open_npy(path)
    if values.ndim != 2:
        return _cube(path, values)
    if values.dtype.kind != "f" or values.shape[1] != len(COLUMNS):
        found = f"{values.dtype} {list(values.shape)}"
        raise DataError(path, expected=f"floats [P, {len(COLUMNS)}] in the order {COLUMNS}", found=found)
    return radar_rows(_narrow(path, np.asarray(values)))


def _cube(path: Path, values: NDArray[np.generic]) -> Tensor:
    if values.ndim not in DIMENSIONS or values.size == 0:
        expected = f"a cube {' or '.join(DIMENSIONS.values())}"
        raise DataError(f"{path}: shape", expected=expected, found=str(list(values.shape)))
    if values.dtype.kind not in "fc" or values.dtype.itemsize > 16 or values.dtype == np.longdouble:
        raise DataError(f"{path}: dtype", expected="float or complex numbers of up to 64 bits", found=f"{values.dtype}")
    if values.size > MAX_CELLS:
        raise DataError(f"{path}: shape", expected=f"at most {MAX_CELLS:,} cells", found=str(list(values.shape)))
    with np.errstate(all="ignore"):
        real = np.abs(values) if values.dtype.kind == "c" else np.asarray(values)
    return torch.from_numpy(_narrow(path, real.reshape(len(real), -1)).reshape(values.shape))


def _narrow(path: Path, values: NDArray[np.floating]) -> NDArray[np.float32]:
    """[P, F] as float32, checked after the cast, which can overflow."""
    narrow = to_float32(values)
    check_finite(path, narrow, "values as float32")
    return narrow
