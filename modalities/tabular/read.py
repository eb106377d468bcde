"""Read one row of a table: a .json object, or a .csv file with a line of names and a line of values."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xmodal.errors import DataError
from xmodal.modalities.npy import check_file

LARGEST_BYTES = 2**22
LARGEST_NUMBER = float(np.finfo(np.float32).max)
MISSING = ("", "na", "n/a", "nan", "null", "none")
"""What a .csv cell holds, in any case of letters, when nothing was recorded."""


def read_row(
    path: Path | str, *, columns: Sequence[str] | None = None, categories: Mapping[str, Sequence[str]] | None = None
) -> Tensor:
    """The values as float32 [F], NaN where one is missing (null, an empty cell, "NA").

    Args:
        columns: their names, in the order of the result; None for all columns in the file's order.
        categories: by column: its category names; a value becomes its place among them.

    Raises:
        DataError: missing or damaged file, not one row, a column that is absent or stands twice, a number that is
            none or infinite, a category that nobody named.
    """
    path = Path(path)
    kinds = {".json": _json, ".csv": _csv}
    if path.suffix.lower() not in kinds:
        raise DataError(path, expected=f"a row in one of {tuple(kinds)}", found=f"suffix {path.suffix!r}")
    check_file(path, "a row of a table", LARGEST_BYTES)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        found = f"the byte {error.object[error.start]:#x} that is none"
        raise DataError(path, expected="UTF-8 text", found=found) from None
    row = kinds[path.suffix.lower()](path, text)
    names = list(row) if columns is None else list(columns)
    absent = [name for name in names if name not in row]
    if absent or not names:
        raise DataError(f"{path}: columns", expected=f"{absent or 'one or more'}", found=f"{list(row)[:20]}")
    coded = categories or {}
    return torch.tensor([_value(f"{path}: column {n!r}", row[n], coded.get(n)) for n in names], dtype=torch.float32)


def _csv(path: Path, text: str) -> dict[str, Any]:
    try:
        rows = [row for row in csv.reader(text.splitlines(), strict=True) if row]
    except csv.Error as error:
        raise DataError(path, expected="a table with quotes that close", found=f"a broken line ({error})") from None
    if len(rows) != 2 or len(rows[0]) != len(rows[1]):
        found = f"{len(rows)} lines of {[len(row) for row in rows[:3]]} cells"
        raise DataError(path, expected="a line of names and a line of as many values", found=found)
    cells = (None if cell.strip().lower() in MISSING else cell.strip() for cell in rows[1])
    return _unique(path, list(zip((name.strip() for name in rows[0]), cells, strict=True)))


def _json(path: Path, text: str) -> dict[str, Any]:
    try:
        row = json.loads(text, object_pairs_hook=lambda pairs: _unique(path, pairs))
    except DataError:
        raise
    except (ValueError, RecursionError) as error:  # an integer of too many digits is a ValueError of its own
        found = f"text that is none ({type(error).__name__})"
        raise DataError(path, expected="a JSON object", found=found) from None
    if not isinstance(row, dict):
        raise DataError(path, expected="a JSON object, one value a column", found=type(row).__name__)
    return row


def _unique(path: Path, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise DataError(f"{path}: columns", expected="each name once", found=f"{twice[:5]} more often")
    return dict(pairs)


def _value(where: str, value: Any, categories: Sequence[str] | None) -> float:
    if value is None:
        return float("nan")
    if categories is not None:
        if str(value) not in categories:
            raise DataError(where, expected=f"one of {list(categories)}", found=repr(value)[:60])
        return float(categories.index(str(value)))
    try:
        if not isinstance(value, (int, float, str)) or (isinstance(value, str) and "_" in value):
            raise ValueError
        number = float(value)
    except (ValueError, OverflowError):
        expected = "a number (or name its `categories`)"
        raise DataError(where, expected=expected, found=repr(value)[:60]) from None
    if not abs(number) <= LARGEST_NUMBER:
        raise DataError(where, expected="a finite number within the range of float32", found=f"{number}")
    return number
