"""Read a series [T, C] from .csv, .npy or a MATLAB 7.3 .mat file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from xmodal.data.sample import Rows
from xmodal.errors import DataError
from xmodal.modalities.npy import read_npy
from xmodal.modalities.series.mat import read_mat
from xmodal.modalities.series.table import read_table

KINDS = (".csv", ".npy", ".mat")
LOSS = 1e-3


def read_series(path: Path | str, *, columns: Sequence[str | int] | None = None, dataset: str | None = None) -> Rows:
    """The file's values as Rows([T, C]) float32: one row a time step, in the file's own units.

    Args:
        columns: which channels to keep, in this order: numbers from 0 or, in a .csv with a header, names.
        dataset: the variable of a .mat file; None where it holds one matrix only.

    Raises:
        DataError: missing, damaged, another layout; a value that is no finite number; or a channel (such as a UNIX
            time) that float32 cannot keep to a thousandth of its range.
        XmodalError: a .mat file, and h5py is not installed.
    """
    path = Path(path)
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise DataError(path, expected=f"a series in one of {KINDS}", found=f"suffix {path.suffix!r}")
    if kind == ".csv":
        names, values = read_table(path, columns)
        return Rows(_float32(path, names, values))
    values = read_mat(path, dataset) if kind == ".mat" else read_npy(path, dimensions=(1, 2), content="a series [T, C]")
    if values.dtype.names:
        raise DataError(f"{path}: dtype", expected="plain numbers [T, C]", found=f"fields {values.dtype.names}")
    if values.ndim == 1:
        values = values[:, None]
    numbers = _numbers(path, columns, values.shape[1])
    return Rows(_float32(path, [str(n) for n in numbers], values[:, numbers]))


def _numbers(path: Path, columns: Sequence[str | int] | None, count: int) -> list[int]:
    if columns is None:
        return list(range(count))
    numbers = []
    for column in columns:
        if not isinstance(column, int) or not 0 <= column < count:
            raise DataError(f"{path}: columns", expected=f"numbers from 0 to {count - 1}", found=repr(column))
        numbers.append(column)
    return numbers


def _float32(path: Path, names: Sequence[str], values: NDArray[Any]) -> torch.Tensor:
    """The cast, refused where it would hide something."""
    out = np.empty(values.shape, dtype=np.float32)
    for i, name in enumerate(names):
        column = values[:, i].astype(np.float64)
        bad = ~np.isfinite(column)
        if bad.any():
            row = int(bad.argmax())
            found = f"{int(bad.sum())} others, the first at step {row}: {column[row]}"
            raise DataError(f"{path}: channel {name!r}", expected="finite numbers", found=found)
        if np.abs(column).max() > np.finfo(np.float32).max:
            found = f"{np.abs(column).max():g}"
            raise DataError(f"{path}: channel {name!r}", expected="numbers within the range of float32", found=found)
        out[:, i] = column
        low, high = column.min(), column.max()
        if np.abs(column - out[:, i]).max() > LOSS * (high - low) > 0:
            expected = "numbers that float32 keeps apart (choose `columns` without it, or subtract its start)"
            raise DataError(f"{path}: channel {name!r}", expected=expected, found=f"{low:.15g} to {high:.15g}")
    return torch.from_numpy(out)
