"""View-of-Delft radar: float32 N x 7 without a header."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xmodal.data.sample import Rows
from xmodal.errors import DataError
from xmodal.modalities.lidar.files import check_finite, float32_table
from xmodal.modalities.radar.columns import RCS, TIME, V_R, V_R_COMP, VX, VY, X, Y, Z, radar_rows

VOD_COLUMNS = ("x", "y", "z", "rcs", "v_r", "v_r_comp", "time")
EARLIEST_SCAN = -100.0


def read_vod_radar(path: Path | str) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Read a radar `.bin`: (names, [P, 7]) = x, y, z (metres), RCS (dBsm), v_r, v_r_comp (m/s), time (0, -1, ...).

    Raises:
        DataError: truncated, not finite, or times that are no whole numbers down from 0 (another number of columns).
    """
    path = Path(path)
    table = float32_table(path, columns=len(VOD_COLUMNS))
    check_finite(path, table)
    time = table[:, 6]
    whole = (time == np.floor(time)) & (time <= 0) & (time >= EARLIEST_SCAN)
    if not whole.all():
        found = f"{time[whole.argmin()]:g} at row {int(whole.argmin())}"
        expected = f"whole numbers from {EARLIEST_SCAN:g} to 0"
        raise DataError(f"{path}: time (column 6)", expected=expected, found=found)
    return VOD_COLUMNS, table


def vod_rows(table: NDArray[np.float32]) -> Rows:
    """Rows([P, 9]) of `COLUMNS`; vx, vy is v_r_comp along the line of sight, its share in the plane."""
    out = np.zeros((len(table), 9))
    out[:, [X, Y, Z, RCS, V_R, V_R_COMP, TIME]] = table
    sight = out[:, [X, Y]] / np.maximum(np.linalg.norm(out[:, [X, Y, Z]], axis=1), 1e-9)[:, None]
    out[:, [VX, VY]] = out[:, V_R_COMP, None] * sight
    return radar_rows(out)
