"""The columns that every radar cloud has after it was read, whatever its file called them.

Frame: the radar at the origin, x forward, y left, z up. Radial velocities are positive away from the radar.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from xmodal.data.sample import Rows

COLUMNS = ("x", "y", "z", "rcs", "v_r", "v_r_comp", "vx", "vy", "time")
"""x, y, z in metres; rcs: radar cross-section in dBsm; v_r: measured radial velocity in m/s; v_r_comp: the same without
the radar's own motion, so that what stands has 0; vx, vy: v_r_comp as a vector along the line of sight, seen from
above; time: 0 for the latest scan, -1 for the one before, ..."""

X, Y, Z, RCS, V_R, V_R_COMP, VX, VY, TIME = range(len(COLUMNS))


def radar_rows(table: NDArray[np.floating]) -> Rows:
    """A table [P, 9] in the order of `COLUMNS` as Rows([P, 9]) float32."""
    return Rows(torch.from_numpy(np.array(table, dtype=np.float32, order="C").reshape(-1, len(COLUMNS))))
