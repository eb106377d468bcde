"""A text table of numbers, with or without a line of names: comma, semicolon or tab between the cells."""

from __future__ import annotations

import csv
from array import array
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xmodal.errors import DataError
from xmodal.modalities.npy import check_file
from xmodal.modalities.plain_table import plain_table

LARGEST_BYTES = 512 * 2**20
LARGEST_VALUES = 2**25
DELIMITERS = ",;\t"


def read_table(path: Path, columns: Sequence[str | int] | None = None) -> tuple[list[str], NDArray[np.float64]]:
    """(names [C], values [T, C]); the names are "0", "1", ... where the file gives none.

    The first line is taken for names if none of its cells is a number.

    Args:
        columns: which to read, by name or number; the others may hold anything. None for all.

    Raises:
        DataError: missing, empty, no text, unequal rows, or a chosen cell that is no number; names line and column.
    """
    size = check_file(path, "a table of numbers", LARGEST_BYTES)
    if columns is None and size <= 2 * LARGEST_VALUES:  # a number and its delimiter take two bytes or more
        table = _at_once(path.read_bytes().removeprefix(BOM_UTF8))
        if table is not None:
            return table
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            first = file.readline(1_000_000)
            delimiter = max(DELIMITERS, key=first.count)
            file.seek(0)
            return _parse(path, csv.reader(file, delimiter=delimiter), columns)
    except UnicodeDecodeError as error:
        found = f"the byte {error.object[error.start]:#x} that is none"
        raise DataError(path, expected="UTF-8 text", found=found) from None
    except csv.Error as error:
        raise DataError(path, expected="a table with quotes that close", found=f"a broken line ({error})") from None


def _at_once(text: bytes) -> tuple[list[str], NDArray[np.float64]] | None:
    """A table without quotes that holds numbers only, below a line of names or not; None for any other."""
    head, _, body = text.partition(b"\n")
    try:
        first = head.removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        return None
    limit = csv.field_size_limit()
    if not first or len(head) > limit or any(sign in first for sign in '"\r\0'):
        return None
    delimiter = max(DELIMITERS, key=first.count)
    cells = first.split(delimiter)
    named = not any(_is_number(cell) for cell in cells)
    values = plain_table(body if named else text, delimiter, longest=limit)
    if values is None or values.shape[1] != len(cells):
        return None
    return [cell.strip() for cell in cells] if named else [str(i) for i in range(len(cells))], values


def _parse(
    path: Path, rows: Iterator[list[str]], columns: Sequence[str | int] | None
) -> tuple[list[str], NDArray[np.float64]]:
    first = next(rows, [])
    named = bool(first) and not any(_is_number(cell) for cell in first)
    names = [cell.strip() for cell in first] if named else [str(i) for i in range(len(first))]
    chosen = list(range(len(names))) if columns is None else [_place(path, c, names) for c in columns]
    values = array("d")
    if not named and first:
        values.extend(_numbers(path, 1, first, names, chosen))
    for line, row in enumerate(rows, start=2):
        if not row:  # an empty line at the end
            continue
        if len(row) != len(names):
            raise DataError(f"{path}: line {line}", expected=f"{len(names)} cells", found=f"{len(row)}")
        values.extend(_numbers(path, line, row, names, chosen))
        if len(values) > LARGEST_VALUES:
            raise DataError(f"{path}: size", expected=f"at most {LARGEST_VALUES:,} numbers", found="more")
    if not values:
        raise DataError(path, expected="at least one row of numbers", found="none")
    return [names[i] for i in chosen], np.frombuffer(values, dtype=np.float64).reshape(-1, len(chosen))


def _place(path: Path, column: Any, names: list[str]) -> int:
    if isinstance(column, int) and 0 <= column < len(names):
        return column
    if names.count(column) != 1:
        raise DataError(f"{path}: column {column!r}", expected=f"one of {names}", found=f"{names.count(column)} of it")
    return names.index(column)


def _numbers(path: Path, line: int, row: list[str], names: list[str], chosen: list[int]) -> list[float]:
    try:
        if "_" not in "".join(row):  # float() takes 1_000
            return [float(row[i]) for i in chosen]
    except ValueError:
        pass
    for i in chosen:
        if not _is_number(row[i]):
            expected = "a number (choose `columns` to leave text out)"
            raise DataError(f"{path}: line {line}, column {names[i]!r}", expected=expected, found=repr(row[i][:40]))
    return [float(row[i]) for i in chosen]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell
