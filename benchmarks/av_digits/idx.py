"""The idx format of MNIST: two zero bytes, a type code, the number of axes, their sizes, then the values; gzipped."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xmodal.errors import DataError

MOST_BYTES = 2**28
"""Of values: five times the largest file of MNIST."""
_GZIP, _UBYTE = b"\x1f\x8b", 0x08


def read_idx(path: Path, axes: int) -> NDArray[np.uint8]:
    """A gzipped idx file of unsigned bytes with that many axes, such as 3 for images [n, rows, columns].

    The header is checked before anything else is unpacked, and no more is unpacked than it announces.

    Raises:
        DataError: no gzip, a header that breaks the format, an axis of size 0, more than 2^28 values, values that are
            cut off, damaged (gzip's checksum) or more than announced.
    """
    if not path.is_file():
        raise DataError(path, expected="a gzipped idx file", found="no such file")
    with path.open("rb") as raw:
        magic = raw.read(2)
        if magic != _GZIP:
            raise DataError(f"{path}: start", expected="the two bytes 1f 8b of gzip", found=magic.hex(" ") or "nothing")
        raw.seek(0)
        try:
            with gzip.GzipFile(fileobj=raw) as file:
                shape = _shape(path, file, axes)
                return _values(path, file, shape)
        except EOFError as error:
            found = f"{path.stat().st_size} bytes that end too early: the file is cut off"
            raise DataError(path, expected="a complete gzip stream", found=found) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            found = f"damaged data ({type(error).__name__})"
            raise DataError(path, expected="a gzip stream that unpacks", found=found) from error


def _shape(path: Path, file: gzip.GzipFile, axes: int) -> tuple[int, ...]:
    head = _read(file, 4 + 4 * axes)
    expected = bytes((0, 0, _UBYTE, axes))
    if head[:4] != expected:
        shown = head[:4].hex(" ") or "nothing"
        raise DataError(
            f"{path}: magic number",
            expected=f"{expected.hex(' ')} (unsigned bytes, {axes} axes)",
            found=shown,
        )
    if len(head) < 4 + 4 * axes:
        raise DataError(f"{path}: sizes", expected=f"{axes} of 4 bytes each", found=f"{len(head) - 4} bytes")
    shape = struct.unpack(f">{axes}I", head[4:])
    count = 1
    for size in shape:  # of Python's own integers, which do not overflow
        count *= size
    if not 0 < count <= MOST_BYTES:
        raise DataError(f"{path}: sizes", expected=f"1 to {MOST_BYTES} values in all", found=f"{shape}")
    return shape


def _values(path: Path, file: gzip.GzipFile, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    count = int(np.prod(shape, dtype=np.int64))
    data = _read(file, count)
    if len(data) < count:
        raise DataError(f"{path}: values", expected=f"{count} for sizes {shape}", found=f"{len(data)}: cut off")
    if file.read(1):
        raise DataError(f"{path}: values", expected=f"{count} for sizes {shape}", found="more")
    return np.frombuffer(data, dtype=np.uint8).reshape(shape)


def _read(file: gzip.GzipFile, count: int) -> bytes:
    """Up to `count` bytes in pieces, so that memory grows with what is there and not with what is announced."""
    parts: list[bytes] = []
    missing = count
    while missing and (part := file.read(min(missing, 2**20))):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
