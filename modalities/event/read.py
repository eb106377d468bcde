"""Read events from .npy, from the .txt of the Event Camera Dataset, or from the .bin of N-MNIST."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from xmodal.data.sample import Rows
from xmodal.errors import DataError
from xmodal.modalities.npy import check_file, read_npy

MOST_EVENTS = 10_000_000
BIN_BYTES = 5
OVERFLOW_Y, OVERFLOW_US = 240, 2**13
LARGEST_PX, LARGEST_US = 65_535, 2**53
FIELDS = {
    "t": ("t", "ts", "timestamp", "t_us"),
    "x": ("x",),
    "y": ("y",),
    "p": ("p", "polarity", "pol", "on"),
}


def read_events(path: Path | str) -> Rows:
    """The events as Rows([E, 4]) int64: t in microseconds, x to the right and y down in pixels, polarity 1 or 0.

    Rows are in order of time (a stable sort, where the file is not).

    `.npy`: fields t (microseconds), x, y, p, or a table [E, 4] of them in this order; polarity 0/1 or -1/1.
    `.txt`: "t x y p" a line, t in seconds (Mueggler et al., The Event-Camera Dataset and Simulator, IJRR 2017).
    `.bin`: 5 bytes an event: x, y, then polarity (1 bit) and t in microseconds (23 bits), the highest first (Orchard
    et al., N-MNIST, 2015). An event at y = 240 is none: it adds 8,192 microseconds to all that follow.

    Raises:
        DataError: missing, empty, truncated, of another layout, or a value outside its range.
    """
    path = Path(path)
    kinds = {".npy": _read_npy, ".txt": _read_txt, ".bin": _read_bin}
    if path.suffix.lower() not in kinds:
        raise DataError(path, expected=f"events in one of {tuple(kinds)}", found=f"suffix {path.suffix!r}")
    events = kinds[path.suffix.lower()](path)
    if not len(events):
        raise DataError(path, expected="at least one event", found="none")
    limits = (("t", LARGEST_US, "microseconds"), ("x", LARGEST_PX, "pixels"), ("y", LARGEST_PX, "pixels"))
    for column, (name, largest, unit) in enumerate(limits):
        low, high = int(events[:, column].min()), int(events[:, column].max())
        if low < 0 or high > largest:
            raise DataError(f"{path}: {name}", expected=f"0 to {largest} {unit}", found=f"{low} to {high}")
    if (np.diff(events[:, 0]) < 0).any():
        events = events[np.argsort(events[:, 0], kind="stable")]
    return Rows(torch.from_numpy(events))


def _read_bin(path: Path) -> NDArray[np.int64]:
    size = check_file(path, "events of 5 bytes each", BIN_BYTES * MOST_EVENTS)
    if size % BIN_BYTES:
        raise DataError(f"{path}: size", expected=f"a multiple of {BIN_BYTES} bytes", found=f"{size} bytes")
    raw = np.fromfile(path, dtype=np.uint8).reshape(-1, BIN_BYTES)
    events = np.empty((len(raw), 4), dtype=np.int64)
    events[:, 0] = ((raw[:, 2] & 127).astype(np.int64) << 16) | (raw[:, 3].astype(np.int64) << 8) | raw[:, 4]
    events[:, 1], events[:, 2], events[:, 3] = raw[:, 0], raw[:, 1], raw[:, 2] >> 7
    overflow = raw[:, 1] == OVERFLOW_Y
    events[:, 0] += np.cumsum(overflow) * OVERFLOW_US
    kept: NDArray[np.int64] = events[~overflow]
    return kept


def _read_txt(path: Path) -> NDArray[np.int64]:
    check_file(path, "lines of 't x y p'", 64 * MOST_EVENTS)
    try:
        table = np.loadtxt(path, dtype=np.float64, ndmin=2, comments=None, max_rows=MOST_EVENTS + 1)
        bad = table.shape[1] != 4
    except (ValueError, UserWarning):  # numpy warns where it finds no line at all
        bad = True
    if bad:
        raise _bad_line(path)
    with np.errstate(over="ignore"):  # what becomes infinite is refused below
        table[:, 0] *= 1e6
    table[:, 0] = table[:, 0].round()
    return _whole(path, list(table.T), (0, 1))


def _bad_line(path: Path) -> DataError:
    expected = "'t x y p': four numbers"
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            cells = line.split()
            try:
                good = not cells or len([float(cell) for cell in cells]) == 4
            except ValueError:
                good = False
            if not good:
                return DataError(f"{path}: line {number}", expected=expected, found=repr(line[:60]))
    return DataError(path, expected=f"lines of {expected}", found="no such line")


def _read_npy(path: Path) -> NDArray[np.int64]:
    values = read_npy(path, dimensions=(1, 2), content="events")
    names = values.dtype.names
    if names is None:
        if values.ndim != 2 or values.shape[1] != 4:
            found = str(list(values.shape))
            raise DataError(f"{path}: shape", expected="[E, 4] (t_us, x, y, polarity), or fields", found=found)
        columns = list(values.T)
    else:
        chosen = [next((n for n in FIELDS[kind] if n in names), None) for kind in FIELDS]
        if None in chosen or values.ndim != 1:
            raise DataError(f"{path}: fields", expected=f"one of each of {list(FIELDS.values())}", found=f"{names}")
        columns = [values[name] for name in chosen]
    return _whole(path, columns, (-1, 0, 1))


def _whole(path: Path, columns: list[NDArray[Any]], polarities: tuple[int, ...]) -> NDArray[np.int64]:
    """The columns t, x, y, p as [E, 4]; refused where one holds fractions, or a polarity that is none."""
    count = len(columns[0])
    if count > MOST_EVENTS:
        raise DataError(f"{path}: events", expected=f"at most {MOST_EVENTS:,}", found=f"{count:,}")
    events = np.empty((count, 4), dtype=np.int64)
    for i, (name, column) in enumerate(zip("txyp", columns, strict=True)):
        # NaN, infinities and what int64 cannot hold fail the first test, fractions the second.
        good = np.abs(column.astype(np.float64)) <= LARGEST_US
        good &= column == np.rint(column)
        if not good.all():
            row = int((~good).argmax())
            found = f"{column[row]}" + (" (time in seconds?)" if name == "t" else "")
            raise DataError(f"{path}: {name} of event {row}", expected="a whole number", found=found)
        events[:, i] = column
    wrong = ~np.isin(events[:, 3], polarities)
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(f"{path}: p of event {row}", expected=f"one of {polarities}", found=f"{events[row, 3]}")
    events[:, 3] = events[:, 3] > 0
    return events
