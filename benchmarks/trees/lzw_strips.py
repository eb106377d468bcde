"""LZW strips of any sample type, decoded by Pillow."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from typing import Any

from PIL import Image


def decode_lzw_strips(raw: bytes, order: str, page: Any) -> bytes:
    """The decoded bytes of one page, row by row.

    tifffile decodes LZW only with a large codec package; Pillow decodes LZW but refuses three float channels.
    Seen as an image whose pixels are single bytes, the same strips are within what Pillow reads.

    Args:
        raw: the whole TIFF file.
        order: its byte order, "<" or ">".
        page: the tifffile page: strips, interleaved channels, no predictor.
    """
    with Image.open(io.BytesIO(_as_bytes_image(raw, order, page))) as image:
        return image.tobytes()


def _as_bytes_image(raw: bytes, order: str, page: Any) -> bytes:
    """The same file with a directory appended that calls each byte a grey pixel."""
    offsets: Sequence[int] = page.dataoffsets
    counts: Sequence[int] = page.databytecounts
    n = len(offsets)
    base = len(raw) + len(raw) % 2
    single = n == 1
    tags = {
        256: page.imagewidth * page.samplesperpixel * page.dtype.itemsize,
        257: page.imagelength,
        258: 8,
        259: 5,
        262: 1,
        273: offsets[0] if single else base,
        277: 1,
        278: page.rowsperstrip,
        279: counts[0] if single else base + 4 * n,
    }
    arrays = struct.pack(f"{order}{2 * n}I", *offsets, *counts)
    entries = [struct.pack(f"{order}HHII", t, 4, n if t in (273, 279) else 1, v) for t, v in tags.items()]
    directory = struct.pack(f"{order}H", len(tags)) + b"".join(entries) + bytes(4)
    head = raw[:4] + struct.pack(f"{order}I", base + len(arrays))
    return head + raw[8:].ljust(base - 8, b"\0") + arrays + directory
