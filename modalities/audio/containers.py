"""Check WAV and Ogg files by their own rules: the decoder takes truncated and garbled ones without a word.

FLAC needs none of this: its decoder checks a checksum in each frame and the number of samples.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import BinaryIO

from xmodal.errors import DataError

MOST_CHUNKS, MOST_OGG_BYTES = 1000, 2**28
_UNCOMPRESSED = {1: "PCM", 3: "float", 6: "A-law", 7: "mu-law", 0xFFFE: "extensible"}
_REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def check_wav(path: Path) -> int | None:
    """Check the chunks of a RIFF WAVE file against each other and against its size.

    Returns:
        Samples a channel, or None where the encoding does not say (ADPCM and the like).

    Raises:
        DataError: chunks that overrun, are missing or contradict each other.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if len(head) < 12 or head[8:] != b"WAVE":
            raise DataError(f"{path}: form type", expected="WAVE after the RIFF size", found=repr(head[8:]))
        end = 8 + struct.unpack_from("<I", head, 4)[0]
        if end > size:
            raise DataError(f"{path}: RIFF size", expected=f"{end} bytes", found=f"{size}: the file is cut off")
        chunks = _chunks(path, file, end)
        for name in (b"fmt ", b"data"):
            if name not in chunks:
                raise DataError(
                    path, expected=f"a chunk {name.decode()!r}", found=f"{[c.decode('latin-1') for c in chunks]}"
                )
        file.seek(chunks[b"fmt "][0])
        return _check_format(path, file.read(min(chunks[b"fmt "][1], 64)), chunks[b"data"][1])


def _chunks(path: Path, file: BinaryIO, end: int) -> dict[bytes, tuple[int, int]]:
    """{name: (offset, bytes)} of the first chunk of each name; all must lie before `end`."""
    found: dict[bytes, tuple[int, int]] = {}
    at = 12
    for _ in range(MOST_CHUNKS):
        if at + 8 > end:
            return found
        file.seek(at)
        name, length = struct.unpack("<4sI", file.read(8))
        if at + 8 + length > end:
            room = f"{end - at - 8} bytes left: the file is cut off or the size is wrong"
            raise DataError(f"{path}: chunk {name.decode('latin-1')!r}", expected=f"{length} bytes", found=room)
        found.setdefault(name, (at + 8, length))
        at += 8 + length + length % 2
    raise DataError(f"{path}: chunks", expected=f"at most {MOST_CHUNKS}", found="more")


def _check_format(path: Path, fmt: bytes, data_bytes: int) -> int | None:
    if len(fmt) < 16:
        raise DataError(f"{path}: chunk 'fmt '", expected="at least 16 bytes", found=f"{len(fmt)}")
    tag, channels, rate, byte_rate, block, bits = struct.unpack_from("<HHIIHH", fmt)
    if tag not in _UNCOMPRESSED:
        return None
    if channels == 0 or block != channels * -(-bits // 8) or block == 0:
        found = f"{block} for {channels} channels of {bits} bits"
        raise DataError(f"{path}: block align", expected="channels x bytes of a sample", found=found)
    if byte_rate != rate * block:
        found = f"{byte_rate} for {rate} Hz x {block} bytes"
        raise DataError(f"{path}: bytes a second", expected="sampling rate x block align", found=found)
    if data_bytes == 0 or data_bytes % block:
        expected = f"a positive multiple of {block} bytes"
        raise DataError(f"{path}: chunk 'data'", expected=expected, found=f"{data_bytes} bytes")
    return int(data_bytes // block)


def check_ogg(path: Path) -> None:
    """Check that an Ogg file is one complete stream: page order, checksums, a first and a last page.

    Raises:
        DataError: a page is damaged or missing.
    """
    size = path.stat().st_size
    if size > MOST_OGG_BYTES:
        raise DataError(path, expected=f"an Ogg file of at most {MOST_OGG_BYTES} bytes", found=f"{size}")
    data = path.read_bytes()
    at, number, serial, flags = 0, 0, None, 0
    while at < len(data):
        where = f"{path}: Ogg page {number}"
        length = _page_length(where, data, at)
        flags, own_serial, sequence, checksum = struct.unpack_from("<xxxxxB8xIII", data, at)
        serial = own_serial if serial is None else serial
        if own_serial != serial or sequence != number or bool(flags & 2) != (number == 0):
            found = f"page {sequence} of stream {own_serial}"
            raise DataError(where, expected=f"page {number} of stream {serial}", found=found)
        if checksum != _ogg_checksum(data[at : at + 22] + bytes(4) + data[at + 26 : at + length]):
            raise DataError(where, expected=f"bytes with the checksum {checksum:08x}", found="another checksum")
        at, number = at + length, number + 1
    if not flags & 4:
        raise DataError(path, expected="an Ogg stream that ends with its last page", found="an end before it")


def _page_length(where: str, data: bytes, at: int) -> int:
    if data[at : at + 5] != b"OggS\x00":
        raise DataError(where, expected="a page that starts with OggS, version 0", found=repr(data[at : at + 5]))
    if at + 27 > len(data):
        raise DataError(where, expected="a header of 27 bytes", found=f"{len(data) - at} bytes")
    segments = data[at + 26]
    length = 27 + segments + sum(data[at + 27 : at + 27 + segments])
    if at + length > len(data) or at + 27 + segments > len(data):
        raise DataError(where, expected=f"{length} bytes", found=f"{len(data) - at}: the file is cut off")
    return length


def _ogg_checksum(page: bytes) -> int:
    """CRC-32 with the most significant bit first, from 0: that of zlib over bytes with their bits reversed."""
    mirrored = zlib.crc32(page.translate(_REVERSED_BITS), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)
