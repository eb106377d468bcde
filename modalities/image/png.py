"""Walk the chunks of a PNG file: the decoder takes memory for as many bytes as a damaged length claims."""

from __future__ import annotations

import struct
from typing import BinaryIO

from xmodal.errors import DataError

WHOLE = "a complete PNG or JPEG image"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
FRAME_BYTES = 12
"""Length, name and checksum around a chunk."""


def check_png(where: object, stream: BinaryIO, size: int) -> None:
    """Raise DataError unless every chunk up to the last one lies inside the stream, which is rewound.

    Args:
        where: names the stream in errors; size: of it, in bytes.
    """
    at, name = len(SIGNATURE), b""
    while name != b"IEND":
        stream.seek(at)
        head = stream.read(8)
        if len(head) < 8:
            raise DataError(where, expected=WHOLE, found=f"{size} bytes without a last chunk IEND")
        length, name = struct.unpack(">I4s", head)
        if length > size - at - FRAME_BYTES:
            found = f"{size} bytes, and a chunk {name!r} at byte {at} that asks for {length}"
            raise DataError(where, expected=WHOLE, found=found)
        at += FRAME_BYTES + length
    stream.seek(0)
