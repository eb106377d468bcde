"""Decoder of LZF, the compression of PCD files: runs of literal bytes, and copies of what was already written.

A control byte below 32 announces that many literals plus one. Otherwise its upper 3 bits are a length (7: add the next
byte) and its lower 5 bits with the byte that follows are a distance back; length + 2 bytes are copied from there.
"""

from __future__ import annotations

LARGEST_RATIO = 88
"""Three bytes make at most 264."""


class LzfError(ValueError):
    """The bytes are no LZF stream of the promised size."""


def lzf_decompress(data: bytes, size: int) -> bytes:
    """Decompress `data` to exactly `size` bytes.

    Raises:
        LzfError: it ends in the middle, points back before its start, or makes another number of bytes.
    """
    out = bytearray()
    at, end = 0, len(data)
    while at < end:
        control = data[at]
        at += 1
        if control < 32:
            stop = at + control + 1
            if stop > end:
                raise LzfError(f"a run of {control + 1} literals where {end - at} bytes are left")
            out += data[at:stop]
            at = stop
        else:
            at = _copy(data, at, control, out)
        if len(out) > size:
            raise LzfError(f"more than {size} bytes")
    if len(out) != size:
        raise LzfError(f"{len(out)} bytes instead of {size}")
    return bytes(out)


def _copy(data: bytes, at: int, control: int, out: bytearray) -> int:
    """Append the copy that `control` announces; returns where the stream goes on."""
    length = control >> 5
    needed = 2 if length == 7 else 1
    if at + needed > len(data):
        raise LzfError("a copy whose distance is cut off")
    if length == 7:
        length += data[at]
        at += 1
    distance = ((control & 31) << 8) + data[at] + 1
    length += 2
    start = len(out) - distance
    if start < 0:
        raise LzfError(f"a copy from {distance} bytes back where only {len(out)} were written")
    if distance >= length:
        out += out[start : start + length]
    else:
        # A copy that overlaps its own end repeats the last `distance` bytes.
        piece = bytes(out[start:])
        out += (piece * (length // distance + 1))[:length]
    return at + 1
