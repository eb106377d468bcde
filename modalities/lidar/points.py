"""Reading clouds from disk, whatever the format: the suffix says which."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from xmodal.data.sample import Rows
from xmodal.errors import DataError
from xmodal.modalities.lidar.files import (
    check_finite,
    check_near,
    float32_table,
    open_npy,
    stack_columns,
    to_float32,
)
from xmodal.modalities.lidar.nuscenes import LARGEST_INTENSITY, read_nuscenes_lidar
from xmodal.modalities.lidar.pcd import pcd_columns
from xmodal.modalities.lidar.ply import ply_columns

Columns = tuple[tuple[str, ...], list[NDArray[np.generic]]]
"""(names [F], F columns [P])."""


def read_points(path: Path) -> Rows:
    """Read a cloud: Rows([P, F]) float32 with x, y, z in metres first.

    `.bin` is KITTI's velodyne format: little-endian float32, four a point (x, y, z, reflectance in [0, 1]), no header.
    `.pcd.bin` is that of nuScenes: x, y, z, reflectance (scaled to [0, 1]), ring.
    `.pcd` and `.ply`: x, y, z, then the file's other columns in its order and units; points whose x, y or z is NaN,
    which is how PCD marks a pulse without an echo, are left out. `read_pcd` and `read_ply` tell the names.
    `.npy` is any float array [P, F >= 3].

    Raises:
        DataError: the file is missing, of another kind, empty, truncated, or holds numbers that are not finite.
    """
    path = Path(path)
    readers: dict[str, Callable[[Path], NDArray[np.floating]]] = {
        ".bin": _read_bin,
        ".npy": _read_npy,
        ".pcd": lambda path: _xyz_first(path, pcd_columns(path)),
        ".pcd.bin": _read_nuscenes,
        ".ply": lambda path: _xyz_first(path, ply_columns(path)),
    }
    suffix = ".pcd.bin" if path.name.lower().endswith(".pcd.bin") else path.suffix.lower()
    if suffix in (".las", ".laz"):  # a survey's map coordinates are too large for float32
        found = f"suffix {path.suffix!r}: read_las keeps its map coordinates; subtract a centre from them"
        raise DataError(path, expected="a cloud around its sensor", found=found)
    if suffix not in readers:
        raise DataError(path, expected=f"a cloud in one of {sorted(readers)}", found=f"suffix {path.suffix!r}")
    values = readers[suffix](path)
    check_finite(path, values)
    check_near(path, values[:, :3])
    rows = to_float32(values)
    if values.dtype.itemsize > 4:
        check_finite(path, rows, "columns as float32")
    return Rows(torch.from_numpy(rows))


def _read_bin(path: Path) -> NDArray[np.floating]:
    return float32_table(path, columns=4)


def _read_nuscenes(path: Path) -> NDArray[np.floating]:
    table = read_nuscenes_lidar(path)[1].copy()
    table[:, 3] /= LARGEST_INTENSITY
    return table


def _read_npy(path: Path) -> NDArray[np.floating]:
    values = open_npy(path)
    if values.dtype.kind != "f" or values.dtype.itemsize > 8:
        raise DataError(path, expected="float16, float32 or float64 numbers", found=str(values.dtype))
    if values.ndim != 2 or values.shape[1] < 3 or not len(values):
        raise DataError(path, expected="shape [P >= 1, F >= 3]", found=str(list(values.shape)))
    return np.asarray(values)


def _xyz_first(path: Path, read: Columns) -> NDArray[np.floating]:
    names, columns = read
    missing = [name for name in "xyz" if name not in names]
    if missing:
        raise DataError(f"{path}: columns", expected="x, y and z", found=f"{list(names)}")
    first = [names.index(name) for name in "xyz"]
    columns = [columns[i] for i in first + [i for i in range(len(names)) if i not in first]]
    # Types that float32 holds exactly need no detour through float64.
    if all(np.can_cast(column.dtype, np.float32) for column in columns):
        return _seen(path, np.stack(columns, axis=1, dtype=np.float32))
    table = _seen(path, stack_columns(columns))
    narrow = to_float32(table)
    # A table is float64 whatever the file held: what float32 holds exactly was float32 there, or could have been.
    return narrow if np.array_equal(narrow[:, :3], table[:, :3]) else table


def _seen(path: Path, table: NDArray[np.floating]) -> NDArray[np.floating]:
    """The points that have coordinates."""
    unseen = np.isnan(table[:, :3])
    if not unseen.any():
        return table
    seen = ~unseen.any(axis=1)
    if not seen.any():
        found = f"{len(table)} points, none with x, y and z"
        raise DataError(path, expected="at least one point with coordinates", found=found)
    rows: NDArray[np.floating] = table[seen]
    return rows
