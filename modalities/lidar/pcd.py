"""PCD 0.7 point clouds: ASCII, binary and LZF-compressed."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xmodal.errors import DataError
from xmodal.modalities.lidar.files import MAX_BYTES, read_bytes, stack_columns
from xmodal.modalities.lidar.lzf import LARGEST_RATIO, LzfError, lzf_decompress
from xmodal.modalities.lidar.pcd_header import PADDING, Field, PcdHeader, parse_header
from xmodal.modalities.lidar.text_table import parse_table

COLOURS = {"rgb": "rgb", "rgba": "rgba"}
"""Fields that pack one byte a channel into 32 bits (blue lowest), whatever type they claim; and their columns."""


def read_pcd(path: Path | str) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Read a PCD file: (names [F], values [P, F] float64), columns as the file orders them.

    Padding is left out; a field of several numbers gives columns name_0, name_1, ...; packed colours give r, g, b (and
    a) in [0, 255]. NaN stays: it is how the format marks a point that was not measured. VIEWPOINT is not applied.

    Raises:
        DataError: names the line of the header, or the part of the points, that breaks the format.
    """
    names, columns = pcd_columns(Path(path))
    return names, stack_columns(columns)


def pcd_columns(path: Path) -> tuple[tuple[str, ...], list[NDArray[np.generic]]]:
    """As `read_pcd`: (names [F], F columns [P]), each in the type that the file gives it."""
    data = read_bytes(path)
    header = parse_header(path, data)
    read = {"ascii": _from_text, "binary": _from_records, "binary_compressed": _from_columns}[header.encoding]
    names: list[str] = []
    columns: list[NDArray[np.generic]] = []
    for field, values in zip(header.fields, read(path, data, header), strict=True):
        if field.name != PADDING:
            own_names, own = _columns(field, values)
            names += own_names
            columns += own
    return tuple(names), columns


def _columns(field: Field, values: NDArray[np.generic]) -> tuple[tuple[str, ...], list[NDArray[np.generic]]]:
    """The columns of a field [P, count] in the field's own type."""
    if field.name in COLOURS and field.dtype.itemsize == 4 and field.count == 1:
        bits = np.ascontiguousarray(values[:, 0]).view("<u4")
        shift = {"r": 16, "g": 8, "b": 0, "a": 24}
        letters = COLOURS[field.name]
        return tuple(letters), [((bits >> shift[letter]) & 255).astype(np.uint8) for letter in letters]
    return field.columns, list(values.T)


def _from_text(path: Path, data: bytes, header: PcdHeader) -> list[NDArray[np.generic]]:
    lines = [line for line in data[header.start :].split(b"\n") if line.strip()]
    if len(lines) != header.points:
        raise DataError(f"{path}: points", expected=f"{header.points} lines, as POINTS says", found=f"{len(lines)}")
    names = [column for field in header.fields for column in field.columns]
    dtypes = [field.dtype for field in header.fields for _ in field.columns]
    table = parse_table(path, lines, names, dtypes)
    ends = np.cumsum([field.count for field in header.fields])
    with np.errstate(all="ignore"):
        return [
            table[:, end - field.count : end].astype(field.dtype)
            for field, end in zip(header.fields, ends, strict=True)
        ]


def _from_records(path: Path, data: bytes, header: PcdHeader) -> list[NDArray[np.generic]]:
    """Point after point. Some writers add a few bytes at the end; a whole point more means a wrong header."""
    room, needed = len(data) - header.start, header.points * header.point_bytes
    if not needed <= room < needed + header.point_bytes:
        expected = f"{header.points} x {header.point_bytes} bytes, as its header says"
        raise DataError(f"{path}: points", expected=expected, found=f"{room} bytes")
    formats = [(str(i), field.dtype, (field.count,)) for i, field in enumerate(header.fields)]
    table = np.frombuffer(data, dtype=np.dtype(formats), count=header.points, offset=header.start)
    return [table[name] for name, _, _ in formats]


def _from_columns(path: Path, data: bytes, header: PcdHeader) -> list[NDArray[np.generic]]:
    """Two sizes, then one LZF stream that holds field after field."""
    room = len(data) - header.start - 8
    if room < 0:
        raise DataError(f"{path}: points", expected="two sizes of 4 bytes", found=f"{room + 8} bytes")
    packed, size = struct.unpack_from("<II", data, header.start)
    needed = header.points * header.point_bytes
    if size != needed or size > min(MAX_BYTES, LARGEST_RATIO * packed):
        expected = f"{needed} bytes, as its header says, at most {LARGEST_RATIO} times the {packed} compressed ones"
        raise DataError(f"{path}: uncompressed size", expected=expected, found=f"{size}")
    if packed > room:
        raise DataError(f"{path}: compressed points", expected=f"{packed} bytes", found=f"{room} bytes")
    start = header.start + 8
    try:
        raw = lzf_decompress(data[start : start + packed], size)
    except LzfError as error:
        raise DataError(f"{path}: compressed points", expected="a sound LZF stream", found=str(error)) from None
    out, at = [], 0
    for field in header.fields:
        count = header.points * field.count
        values = np.frombuffer(raw, dtype=field.dtype, count=count, offset=at)
        out.append(values.reshape(header.points, field.count))
        at += count * field.dtype.itemsize
    return out
