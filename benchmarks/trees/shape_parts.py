"""What the headers of a shapefile's parts promise, held against their sizes before the parser takes memory for it.

ESRI Shapefile Technical Description, 1998: .shp and .shx begin with a header of 100 bytes that holds the length of the
file in words of two bytes; .shx has 8 bytes a record. The table (.dbf) begins with its number of records and two sizes.
"""

from __future__ import annotations

import struct
from pathlib import Path

from xmodal.errors import DataError

HEADER, INDEX_BYTES, FILE_CODE = 100, 8, 9994


def check_shapefile(path: Path) -> None:
    """Raise DataError unless the .shp, its .shx and its .dbf are as long as they say and as many records long."""
    for part in (path, path.with_suffix(".shx")):
        _check_length(part)
    index = path.with_suffix(".shx")
    records, size = divmod(index.stat().st_size - HEADER, INDEX_BYTES)
    if size:
        raise DataError(index, expected="8 bytes a record", found=f"{size} bytes beyond {records} of them")
    _check_places(path, index, records)
    _check_table(path.with_suffix(".dbf"), records)


def _check_length(part: Path) -> None:
    if not part.is_file():
        raise DataError(part, expected="a part of the shapefile", found="no such file")
    size = part.stat().st_size
    with part.open("rb") as file:
        head = file.read(HEADER)
    if len(head) < HEADER or struct.unpack_from(">i", head)[0] != FILE_CODE:
        raise DataError(
            part, expected=f"a header of {HEADER} bytes that begins with {FILE_CODE}", found=f"{head[:4]!r}"
        )
    (words,) = struct.unpack_from(">i", head, 24)
    if 2 * words != size:
        raise DataError(f"{part}: file length", expected=f"{2 * words} bytes, as its header says", found=f"{size}")


def _check_places(path: Path, index: Path, records: int) -> None:
    size = path.stat().st_size
    numbers = struct.unpack(f">{2 * records}i", index.read_bytes()[HEADER:])
    end = HEADER
    for number, (start, length) in enumerate(zip(numbers[::2], numbers[1::2], strict=True)):
        if 2 * start < end or length < 0 or 2 * (start + length) + 8 > size:
            found = f"{2 * length} bytes from byte {2 * start} on in {size}"
            raise DataError(f"{index}: record {number}", expected="a place inside the .shp, in order", found=found)
        end = 2 * (start + length) + 8


def _check_table(table: Path, records: int) -> None:
    if not table.is_file():
        raise DataError(table, expected="a part of the shapefile", found="no such file")
    size = table.stat().st_size
    with table.open("rb") as file:
        head = file.read(32)
    if len(head) < 32:
        raise DataError(f"{table}: header", expected="32 bytes", found=f"{len(head)}")
    count, start, width = struct.unpack_from("<IHH", head, 4)
    if count != records or width < 1 or not start + count * width <= size <= start + count * width + 1:
        found = f"{count} of {width} bytes after {start} in a file of {size}"
        raise DataError(f"{table}: records", expected=f"{records}, as the .shx has, that fill it", found=found)
