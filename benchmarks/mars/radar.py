"""The radar recording of one movement: points of successive frames in a MATLAB 7.3 file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xmodal.errors import DataError
from xmodal.modalities.series.mat import read_mat

COLUMNS = ("frame", "objects", "x", "y", "z", "Doppler", "intensity", "time")
FRAME, X, INTENSITY, TIME = 0, 2, 6, 7


@dataclass(frozen=True, slots=True)
class Recording:
    """One movement as the radar saw it.

    Attributes:
        points: [P, 5] x to the right, y away from the radar, z up in metres, Doppler in m/s, intensity.
        start: [n + 1] frame i has the points start[i] to start[i + 1]; frames without any point are not recorded.
    """

    points: NDArray[np.float64]
    start: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.start) - 1

    def window(self, first: int, length: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The points [P, 5] of `length` frames, and [P] the frame of each, from 0."""
        counts = np.diff(self.start[first : first + length + 1])
        points = self.points[self.start[first] : self.start[first + length]]
        return points, np.repeat(np.arange(length), counts)


def read_radar(path: Path) -> Recording:
    """Read one movement.

    Raises:
        DataError: missing or damaged, another number of columns, a value that is not finite, an intensity that is not
            positive, frame numbers or time stamps that run backwards.
    """
    table = read_mat(path)
    if table.shape[1] != len(COLUMNS):
        found = f"{table.shape[1]} columns"
        raise DataError(path, expected=f"points with the {len(COLUMNS)} columns {', '.join(COLUMNS)}", found=found)
    for number, name in enumerate(COLUMNS):
        bad = np.flatnonzero(~np.isfinite(table[:, number]))
        if len(bad):
            found = f"{table[bad[0], number]} at point {bad[0]}"
            raise DataError(f"{path}: {name}", expected="finite numbers", found=found)
    for number in (FRAME, TIME):
        back = np.flatnonzero(np.diff(table[:, number]) < 0)
        if len(back):
            found = f"{table[back[0], number]:.16g} before {table[back[0] + 1, number]:.16g} at point {back[0] + 1}"
            raise DataError(f"{path}: {COLUMNS[number]}", expected="numbers that never run backwards", found=found)
    if table[:, INTENSITY].min() <= 0:
        raise DataError(f"{path}: intensity", expected="positive numbers", found=f"{table[:, INTENSITY].min():g}")
    start = np.flatnonzero(np.diff(table[:, FRAME], prepend=np.nan))
    return Recording(table[:, X:TIME].astype(np.float64), np.append(start, len(table)))
