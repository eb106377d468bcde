"""What the readers of clouds share: bytes and arrays that were checked before any memory was taken on their word."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xmodal.errors import DataError

MAX_BYTES = 2**30
MAX_NUMBERS = 2**27
"""A table of so many float64 numbers takes 1 GiB."""
FLOAT32_EXACT_M = 8192.0


def read_bytes(path: Path) -> bytes:
    """The whole file.

    Raises:
        DataError: it is missing, unreadable or larger than 1 GiB.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise DataError(path, expected=f"at most {MAX_BYTES:,} bytes", found=f"{size:,} bytes")
        return path.read_bytes()
    except OSError as error:
        raise DataError(path, expected="a readable file", found=error.strerror or str(error)) from None


def float32_table(path: Path, columns: int) -> NDArray[np.float32]:
    """A file of little-endian float32 numbers without a header, as [P >= 1, columns]."""
    data = read_bytes(path)
    row = 4 * columns
    if not data or len(data) % row:
        expected = f"{columns} float32 numbers a point, so a positive multiple of {row} bytes"
        raise DataError(path, expected=expected, found=f"{len(data)} bytes")
    return np.frombuffer(data, dtype="<f4").reshape(-1, columns).astype(np.float32, copy=False)


def open_npy(path: Path) -> np.memmap[tuple[int, ...], np.dtype[np.generic]]:
    """A .npy array that lies on disk: nothing is unpickled, and the file is exactly as long as its header says."""
    try:
        size = path.stat().st_size
        # A memory map compares the header's shape with the file's size before any allocation.
        values = np.lib.format.open_memmap(path, mode="r")
    except OSError as error:
        raise DataError(path, expected="a readable file", found=error.strerror or str(error)) from None
    except Exception as error:  # numpy's header parser lets many kinds escape on mangled text
        found = f"{size} bytes whose header or length cannot be right ({type(error).__name__})"
        raise DataError(path, expected="a .npy array without objects", found=found) from None
    whole = int(values.offset) + values.nbytes
    if size != whole:
        raise DataError(path, expected=f"{whole} bytes for its header", found=f"{size} bytes")
    if values.size > MAX_NUMBERS:
        raise DataError(f"{path}: shape", expected=f"at most {MAX_NUMBERS:,} numbers", found=str(list(values.shape)))
    return values


def stack_columns(columns: Sequence[NDArray[np.generic]]) -> NDArray[np.float64]:
    """Columns [P] of any numeric types -> [P, F] float64."""
    with np.errstate(all="ignore"):  # some bit patterns of NaN warn when they are cast
        return np.stack(columns, axis=1, dtype=np.float64, casting="unsafe")


def to_float32(values: NDArray[np.generic]) -> NDArray[np.float32]:
    """In float32, contiguous and writeable, copied only if it is not; what is too large becomes infinite."""
    with np.errstate(all="ignore"):
        return np.require(values, np.float32, ["C", "W", "E"])


def check_finite(path: Path, values: NDArray[np.floating], where: str = "") -> None:
    """Refuse rows [P, F] with a number that is not finite."""
    finite = np.isfinite(values)
    if not finite.all():
        bad = ~finite.all(axis=1)
        first = int(bad.argmax())
        found = f"{int(bad.sum())} bad points, the first at row {first}: {values[first]}"
        raise DataError(f"{path}: {where}" if where else path, expected="finite numbers", found=found)


def check_near(path: Path, xyz_m: NDArray[np.floating]) -> None:
    """Refuse finite float64 coordinates [P, 3] so large that float32 would lose their millimetres."""
    if xyz_m.dtype.itemsize <= 4:
        return
    far = float(np.abs(xyz_m).max(initial=0.0))
    if far >= FLOAT32_EXACT_M:
        expected = f"coordinates below {FLOAT32_EXACT_M:g} m (float32 keeps no millimetres beyond: subtract an offset)"
        raise DataError(path, expected=expected, found=f"{far:g} m")
