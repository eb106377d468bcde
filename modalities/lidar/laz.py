"""What a compressed point file (LAZ) promises, held against the file before it is decompressed.

Isenburg: LASzip, lossless compression of LiDAR data, 2013. The decompressor takes memory on the word of four places:
the laszip record, the number of chunks, their sizes, and, from point format 6 on, the sizes of the layers in each.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

from xmodal.errors import DataError

POINTWISE, CHUNKED, LAYERED = 1, 2, 3
_COMPRESSORS = (POINTWISE, CHUNKED, LAYERED)
_RECORD = struct.Struct("<HHBBHIIqqH")
_ITEM = struct.Struct("<HHH")
ITEM_BYTES = {0: None, 6: 20, 7: 8, 8: 6, 9: 29, 10: 30, 11: 6, 12: 8, 13: 29, 14: None}
"""Bytes of a point's parts by the code of their kind; None where the file says (extra bytes)."""
LAYERS = {10: 9, 11: 1, 12: 2, 13: 1}
"""Layers of the parts of a layered chunk; extra bytes have one each."""
SMALLEST_CHUNK, LARGEST_CHUNK, VARIABLE = 1, 2**24, 2**32 - 1


def check_laz(path: Path, raw: bytes, record: bytes, points_at: int, points: int, point_bytes: int) -> None:
    """Raise DataError unless the record, the table of chunks and the layers fit the file and its points.

    Args:
        raw: the whole file; record: the content of its laszip record; points_at: where the points begin.
        points, point_bytes: by the header.
    """
    compressor, chunk_points, items = _check_record(path, record, point_bytes)
    if compressor == POINTWISE:
        return
    table_at = _table_place(path, raw, points_at)
    count = struct.unpack_from("<I", raw, table_at + 4)[0]
    most = points if chunk_points == VARIABLE else -(-points // chunk_points)
    if not 1 <= count <= most:
        raise DataError(f"{path}: number of chunks", expected=f"1 to {most} for {points} points", found=f"{count}")
    chunks = _chunks(path, raw, record, points_at)
    stated, room = sum(size for _, size in chunks), table_at - points_at - 8
    if stated != room:
        raise DataError(f"{path}: sizes of the chunks", expected=f"{room} bytes in all", found=f"{stated}")
    held = sum(number for number, _ in chunks)
    if chunk_points == VARIABLE and held != points:
        raise DataError(f"{path}: points of the chunks", expected=f"{points} in all", found=f"{held}")
    if compressor == LAYERED:
        at = points_at + 8
        for number, (_, size) in enumerate(chunks):
            _check_layers(f"{path}: chunk {number}", raw[at : at + size], items, point_bytes)
            at += size


def _check_record(path: Path, record: bytes, point_bytes: int) -> tuple[int, int, list[tuple[int, int]]]:
    """(compressor, points a chunk, [(kind, bytes) of each part of a point])."""
    where = f"{path}: laszip record"
    if len(record) < _RECORD.size:
        raise DataError(where, expected=f"at least {_RECORD.size} bytes", found=f"{len(record)}")
    compressor, coder, *_, chunk_points, _, _, count = _RECORD.unpack_from(record)
    if compressor not in _COMPRESSORS or coder != 0:
        expected = f"a compressor of {_COMPRESSORS} with coder 0"
        raise DataError(where, expected=expected, found=f"{compressor} with {coder}")
    if len(record) != _RECORD.size + count * _ITEM.size:
        raise DataError(where, expected=f"{_RECORD.size} bytes and 6 for each of {count} parts", found=f"{len(record)}")
    items = [_ITEM.unpack_from(record, _RECORD.size + i * _ITEM.size)[:2] for i in range(count)]
    known = all(kind in ITEM_BYTES and ITEM_BYTES[kind] in (None, size) for kind, size in items)
    if not known or sum(size for _, size in items) != point_bytes:
        expected = f"known parts of {point_bytes} bytes in all"
        raise DataError(where, expected=expected, found=f"(kind, bytes) {items}")
    if chunk_points != VARIABLE and not SMALLEST_CHUNK <= chunk_points <= LARGEST_CHUNK:
        expected = f"{SMALLEST_CHUNK} to {LARGEST_CHUNK}"
        raise DataError(f"{where}: points a chunk", expected=expected, found=f"{chunk_points}")
    return compressor, chunk_points, items


def _table_place(path: Path, raw: bytes, points_at: int) -> int:
    """Where the table of chunks begins; a file that could not be rewound when it was written says so at its end."""
    size = len(raw)
    if size < points_at + 16:
        found = f"{size - points_at} bytes: the file is cut off"
        raise DataError(f"{path}: points", expected="the place of a table of chunks, and that table", found=found)
    (at,) = struct.unpack_from("<q", raw, points_at)
    if at == -1:
        (at,) = struct.unpack_from("<q", raw, size - 8)
    if not points_at + 8 <= at <= size - 8:
        expected = f"a place from {points_at + 8} to {size - 8}"
        raise DataError(f"{path}: table of chunks", expected=expected, found=f"{at}")
    return int(at)


def _chunks(path: Path, raw: bytes, record: bytes, points_at: int) -> list[tuple[int, int]]:
    """[(points, bytes)] of the chunks; only the decompressor can read that table."""
    import lazrs  # type: ignore[import-untyped]

    stream = io.BytesIO(raw)
    stream.seek(points_at)
    try:
        found: Any = lazrs.read_chunk_table(stream, lazrs.LazVlr(record))
    except Exception as error:
        bad = f"one that does not decode ({type(error).__name__})"
        raise DataError(f"{path}: table of chunks", expected="a sound one", found=bad) from error
    return [(int(points), int(size)) for points, size in found]


def _check_layers(where: str, chunk: bytes, items: list[tuple[int, int]], point_bytes: int) -> None:
    """The first point stands as it is, then the number of points, then the size of each layer."""
    count = sum(LAYERS.get(kind, size) for kind, size in items)
    start = point_bytes + 4 + 4 * count
    if len(chunk) < start:
        raise DataError(where, expected=f"{start} bytes before its {count} layers", found=f"{len(chunk)}")
    sizes = struct.unpack_from(f"<{count}I", chunk, point_bytes + 4)
    if start + sum(sizes) > len(chunk):
        found = f"{sum(sizes)} bytes with {len(chunk) - start} left"
        raise DataError(f"{where}: layers", expected="content inside the chunk", found=found)
