"""Tables of numbers written as text, one row a line, as ASCII PCD and PLY files hold them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xmodal.errors import DataError
from xmodal.modalities.plain_table import plain_table

LONGEST_NUMBER = 64


def parse_table(
    path: Path, lines: Sequence[bytes], names: Sequence[str], dtypes: Sequence[np.dtype[np.generic]]
) -> NDArray[np.float64]:
    """Parse one row from each line: [P, F] float64.

    Raises:
        DataError: a row has too few or too many numbers, a word that is no number, or a number that its column's
            type cannot hold.
    """
    values = plain_table(b"\n".join(lines), None, longest=LONGEST_NUMBER)
    if values is None or values.shape != (len(lines), len(names)):
        values = _word_by_word(path, lines, len(names))
    for name, dtype, column in zip(names, dtypes, values.T, strict=True):
        if dtype.kind in "iu":
            _check_whole(path, name, dtype, column)
    return values


def _word_by_word(path: Path, lines: Sequence[bytes], columns: int) -> NDArray[np.float64]:
    rows = [line.split() for line in lines]
    for number, row in enumerate(rows):
        if len(row) != columns or len(max(row, key=len)) > LONGEST_NUMBER:
            raise DataError(f"{path}: point {number}", expected=f"{columns} numbers", found=_show(lines[number]))
    try:
        return np.array(rows, dtype=bytes).reshape(len(rows), columns).astype(np.float64)
    except ValueError:
        number = next((i for i, row in enumerate(rows) if not all(map(_is_number, row))), 0)
        raise DataError(f"{path}: point {number}", expected="numbers", found=_show(lines[number])) from None


def _check_whole(path: Path, name: str, dtype: np.dtype[np.generic], column: NDArray[np.float64]) -> None:
    bounds = np.iinfo(dtype.str)
    good = (column == np.floor(column)) & (column >= bounds.min) & (column <= bounds.max)  # False for NaN
    if not good.all():
        first = int(good.argmin())
        expected = f"whole numbers from {bounds.min} to {bounds.max}"
        raise DataError(f"{path}: {name} of point {first}", expected=expected, found=f"{column[first]:g}")


def _is_number(word: bytes) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _show(line: bytes) -> str:
    return repr(line[:60].decode("ascii", "replace"))
