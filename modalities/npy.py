"""The values of a .npy file, with every claim of its header checked before memory is taken on its word."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xmodal.errors import DataError

LARGEST_VALUES = 2**26
NUMBERS = "fiu"
"""numpy's kinds of floats, integers and unsigned integers."""


def check_file(path: Path, content: str, largest_bytes: int) -> int:
    """The size of a file in bytes; a DataError if it is missing, no file, empty, or larger than allowed."""
    if not path.is_file():
        raise DataError(path, expected=content, found="a folder" if path.is_dir() else "no such file")
    size = path.stat().st_size
    if not 0 < size <= largest_bytes:
        raise DataError(f"{path}: size", expected=f"{content} of 1 to {largest_bytes:,} bytes", found=f"{size:,} bytes")
    return size


def read_npy(path: Path, *, dimensions: Sequence[int], content: str) -> NDArray[Any]:
    """The array of a .npy file (no pickle), mapped into memory; structured arrays come with their fields.

    Args:
        dimensions: the numbers of axes that are allowed.
        content: what the file should hold, for the error's text.

    Raises:
        DataError: missing, another format, truncated, empty, of another number of axes, or not of real numbers.
    """
    size = check_file(path, content, 8 * LARGEST_VALUES + 65_536)
    try:
        # A memory map never unpickles, and compares the header's shape with the file's size before any allocation.
        values = np.lib.format.open_memmap(path, mode="r")
    except Exception as error:  # numpy's header parser lets many kinds escape on mangled text
        found = f"{size:,} bytes that are none ({type(error).__name__})"
        raise DataError(path, expected=f"{content}: a complete .npy array without objects", found=found) from None
    plain = [values.dtype[name] for name in values.dtype.names] if values.dtype.names else [values.dtype]
    if any(kind.kind not in NUMBERS or kind.itemsize > 8 for kind in plain):
        raise DataError(f"{path}: dtype", expected="real numbers of at most 64 bits", found=str(values.dtype))
    if values.ndim not in dimensions or not 0 < values.size <= LARGEST_VALUES:
        expected = f"{content} with {' or '.join(map(str, dimensions))} axes and up to {LARGEST_VALUES:,} values"
        raise DataError(f"{path}: shape", expected=expected, found=str(list(values.shape)))
    end = values.offset + values.nbytes
    if size != end:
        raise DataError(f"{path}: size", expected=f"{end:,} bytes, as its header says", found=f"{size:,} bytes")
    return values
