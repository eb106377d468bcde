"""PLY point clouds: the vertices of ASCII, little-endian and big-endian files; faces and the like are passed over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xmodal.errors import DataError
from xmodal.modalities.lidar.files import MAX_NUMBERS, read_bytes, stack_columns
from xmodal.modalities.lidar.ply_header import PlyHeader, parse_header
from xmodal.modalities.lidar.text_table import parse_table


def read_ply(path: Path | str) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Read the vertices: (names [F], values [P, F] float64), columns as the file orders them.

    Elements after the vertices are neither read nor checked. Elements before them are passed over; in a binary file
    they must not hold lists, whose length only a walk through all of them would tell.

    Raises:
        DataError: names the line of the header, or the vertices, that break the format.
    """
    names, columns = ply_columns(Path(path))
    return names, stack_columns(columns)


def ply_columns(path: Path) -> tuple[tuple[str, ...], list[NDArray[np.generic]]]:
    """As `read_ply`: (names [F], F columns [P]); those of a binary file have the types that it gives them."""
    data = read_bytes(path)
    header = parse_header(path, data)
    names = tuple(name for name, _ in header.vertices.properties)
    count = header.vertices.count
    if count * len(names) > MAX_NUMBERS:
        found = f"{count} vertices of {len(names)}"
        raise DataError(f"{path}: element vertex", expected=f"at most {MAX_NUMBERS:,} numbers in all", found=found)
    read = _from_records if header.order else _from_text
    return names, read(path, data, header)


def _from_text(path: Path, data: bytes, header: PlyHeader) -> list[NDArray[np.generic]]:
    before, count = sum(element.count for element in header.skipped), header.vertices.count
    lines = [line for line in data[header.start :].split(b"\n") if line.strip()]
    if len(lines) < before + count:
        expected = f"{before + count} lines up to the last vertex"
        raise DataError(f"{path}: vertices", expected=expected, found=f"{len(lines)}")
    names = [name for name, _ in header.vertices.properties]
    dtypes = [np.dtype(code) for _, code in header.vertices.properties]
    return list(parse_table(path, lines[before : before + count], names, dtypes).T)


def _from_records(path: Path, data: bytes, header: PlyHeader) -> list[NDArray[np.generic]]:
    start = header.start
    for element in header.skipped:
        if element.lists:
            where = f"{path}: element {element.name[:40]}"
            raise DataError(where, expected="no list property before the vertices of a binary file", found="one")
        start += element.count * element.dtype(header.order).itemsize
    dtype, count = header.vertices.dtype(header.order), header.vertices.count
    needed = count * dtype.itemsize
    if start + needed > len(data):
        expected = f"{needed} bytes from byte {start}"
        raise DataError(f"{path}: vertices", expected=expected, found=f"{max(len(data) - start, 0)} bytes")
    table = np.frombuffer(data, dtype=dtype, count=count, offset=start)
    assert dtype.names is not None
    return [table[name] for name in dtype.names]
