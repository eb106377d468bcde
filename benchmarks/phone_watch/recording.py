"""What one device recorded: acceleration, turn rate, time and activity in a .csv."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xmodal.errors import DataError
from xmodal.modalities.series.table import read_table

CHANNELS = ("x_acc", "y_acc", "z_acc", "x_gyro", "y_gyro", "z_gyro")
"""m/s2 with gravity, rad/s."""
COLUMNS = (*CHANNELS, "timestamp", "label")
ACTIVITIES = ("SEATED", "STANDING_UP", "WALKING", "TURNING", "SITTING_DOWN")


@dataclass(frozen=True, slots=True)
class Recording:
    """One device, one execution.

    Attributes:
        time_ms: [n] UNIX time, never falling; several values may share a millisecond.
        values: [n, 6] in the order of `CHANNELS`.
        activity: [n] its place in `ACTIVITIES`.
    """

    time_ms: NDArray[np.float64]
    values: NDArray[np.float64]
    activity: NDArray[np.int64]


def read_recording(path: Path) -> Recording:
    """Read one file.

    Raises:
        DataError: missing or damaged, other columns, a value that is not finite, a time that runs backwards, an
            activity that nobody knows.
    """
    _, table = read_table(path, [*CHANNELS, "timestamp"])
    for number, name in enumerate(COLUMNS[:-1]):
        bad = np.flatnonzero(~np.isfinite(table[:, number]))
        if len(bad):
            found = f"{table[bad[0], number]} in line {bad[0] + 2}"
            raise DataError(f"{path}: {name}", expected="finite numbers", found=found)
    time_ms = table[:, -1]
    back = np.flatnonzero(np.diff(time_ms) < 0)
    if len(back):
        found = f"{time_ms[back[0]]:.0f} before {time_ms[back[0] + 1]:.0f} in line {back[0] + 3}"
        raise DataError(f"{path}: timestamp", expected="milliseconds that never run backwards", found=found)
    return Recording(time_ms, table[:, :-1], _activities(path))


def _activities(path: Path) -> NDArray[np.int64]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.reader(file)
        names = [name.strip() for name in next(rows)]
        if "label" not in names:
            raise DataError(f"{path}: columns", expected=f"{', '.join(COLUMNS)}", found=f"{names[:12]}")
        place = names.index("label")
        found = []
        for line, row in enumerate(rows, start=2):
            if row:  # empty lines are no rows to `read_table` either
                if row[place] not in ACTIVITIES:
                    expected = f"one of {', '.join(ACTIVITIES)}"
                    raise DataError(f"{path}: label in line {line}", expected=expected, found=repr(row[place][:40]))
                found.append(ACTIVITIES.index(row[place]))
    return np.array(found, dtype=np.int64)
