"""Decode one strip or tile of a TIFF: plain, LZW or deflate, with or without horizontal differences."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from xmodal.errors import DataError

PLAIN, LZW, DEFLATE = 1, 5, (8, 32946)
"""Codes of the Compression tag."""
DIFFERENCES = 2
"""Predictor: each sample is stored as its difference from the one to its left."""


def decode(where: str, data: bytes | memoryview, shape: tuple[int, int, int], order: str, page: Any) -> NDArray[Any]:
    """The samples of one piece, as a view of its bytes where they lie there as they are.

    Args:
        where: names the piece in errors.
        data: its bytes as stored.
        shape: (rows, columns, samples) that it must hold.
        order: byte order, "<" or ">".
        page: the tifffile page: dtype, compression, predictor.
    """
    compression, predictor = int(page.compression), int(page.predictor)
    row_bytes = shape[1] * shape[2] * page.dtype.itemsize
    size = shape[0] * row_bytes
    if compression == LZW:
        data = _unpack_lzw(data, row_bytes, shape[0])
    elif compression in DEFLATE:
        data = zlib.decompressobj().decompress(data, size)
    elif compression != PLAIN:
        raise DataError(f"{where}: compression", expected="none, LZW or deflate", found=str(page.compression))
    if len(data) < size:
        raise DataError(where, expected=f"{size} bytes", found=f"{len(data)}")
    values = np.frombuffer(data, dtype=page.dtype.newbyteorder(order), count=size // page.dtype.itemsize)
    values = values.reshape(shape).astype(page.dtype, copy=False)
    if predictor == DIFFERENCES and page.dtype.kind in "iu":
        return np.cumsum(values, axis=1, dtype=page.dtype)
    if predictor != 1:
        raise DataError(f"{where}: predictor", expected="none, or differences of integers", found=str(page.predictor))
    return values


def _unpack_lzw(data: bytes | memoryview, row_bytes: int, rows: int) -> bytes:
    """LZW by Pillow, which decodes grey bytes only: so the piece is offered to it as an image of grey bytes.

    tifffile leaves LZW to a large package of codecs.
    """
    start = 8 + 2 + 9 * 12 + 4  # header, directory
    tags = (
        (256, row_bytes), (257, rows), (258, 8), (259, LZW), (262, 1),
        (273, start), (277, 1), (278, rows), (279, len(data)),
    )  # fmt: skip
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    head = struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + directory + bytes(4)
    with Image.open(io.BytesIO(head + data), formats=("TIFF",)) as image:
        return image.tobytes()
