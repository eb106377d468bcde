"""Reading clouds from disk: KITTI velodyne `.bin` and numpy `.npy`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from xmodal.data.sample import Rows
from xmodal.errors import DataError

BIN_BYTES = 16
FLOAT32_EXACT_M = 8192.0


def read_points(path: Path) -> Rows:
    """Read a cloud: Rows([P, F]) float32 with x, y, z in metres first.

    `.bin` is KITTI's velodyne format: little-endian float32, four a point (x, y, z, reflectance), no header.
    `.npy` is any float array [P, F >= 3].

    Raises:
        DataError: the file is missing, of another kind, empty, truncated, or holds numbers that are not finite.
    """
    path = Path(path)
    readers: dict[str, Callable[[Path], NDArray[np.floating]]] = {".bin": _read_bin, ".npy": _read_npy}
    if path.suffix.lower() not in readers:
        raise DataError(path, expected=f"a cloud in one of {sorted(readers)}", found=f"suffix {path.suffix!r}")
    try:
        values = readers[path.suffix.lower()](path)
    except OSError as error:
        raise DataError(path, expected="a readable file", found=error.strerror or str(error)) from None
    bad = ~np.isfinite(values).all(axis=1)
    if bad.any():
        first = int(bad.argmax())
        found = f"{int(bad.sum())} bad points, the first at row {first}: {values[first]}"
        raise DataError(path, expected="finite numbers", found=found)
    return Rows(torch.from_numpy(np.array(values, dtype=np.float32, order="C")))


def _read_bin(path: Path) -> NDArray[np.floating]:
    data = path.read_bytes()
    if not data or len(data) % BIN_BYTES:
        raise DataError(path, expected=f"a positive multiple of {BIN_BYTES} bytes", found=f"{len(data)} bytes")
    return np.frombuffer(data, dtype="<f4").reshape(-1, 4)


def _read_npy(path: Path) -> NDArray[np.floating]:
    size = path.stat().st_size
    try:
        # A memory map never unpickles, and compares the header's shape with the file's size before any allocation.
        values = np.lib.format.open_memmap(path, mode="r")
    except OSError:
        raise
    except Exception as error:  # numpy's header parser lets many kinds escape on mangled text
        raise DataError(path, expected="a .npy array without objects", found=f"{size} bytes: {error}") from None
    if values.dtype.kind != "f" or values.dtype.itemsize > 8:
        raise DataError(path, expected="float16, float32 or float64 numbers", found=str(values.dtype))
    if values.ndim != 2 or values.shape[1] < 3 or not len(values):
        raise DataError(path, expected="shape [P >= 1, F >= 3]", found=str(list(values.shape)))
    if size != values.offset + values.nbytes:
        raise DataError(path, expected=f"{values.offset + values.nbytes} bytes for its header", found=f"{size} bytes")
    far = np.abs(values[:, :3]).max()
    if values.dtype.itemsize == 8 and np.isfinite(far) and far >= FLOAT32_EXACT_M:
        expected = f"coordinates below {FLOAT32_EXACT_M:g} m (float32 keeps no millimetres beyond: subtract an offset)"
        raise DataError(path, expected=expected, found=f"{far:g} m")
    return values
