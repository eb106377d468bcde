"""View-of-Delft: its LiDAR files are laid out as KITTI's, but count reflectance from 0 to 255."""

from __future__ import annotations

from pathlib import Path

import torch

from xmodal.data.sample import Rows
from xmodal.errors import DataError
from xmodal.modalities.lidar.files import check_finite, float32_table

LARGEST_REFLECTANCE = 255.0


def read_vod_lidar(path: Path | str) -> Rows:
    """Rows([P, 4]) float32: x forward, y left, z up (metres), reflectance scaled to [0, 1], as in KITTI.

    `read_points` cannot tell these files from KITTI's and would leave the reflectance 255 times too large.

    Raises:
        DataError: truncated, not finite, or a reflectance outside [0, 255].
    """
    path = Path(path)
    table = float32_table(path, columns=4).copy()
    check_finite(path, table)
    low, high = float(table[:, 3].min()), float(table[:, 3].max())
    if low < 0 or high > LARGEST_REFLECTANCE:
        where = f"{path}: reflectance (column 3)"
        raise DataError(where, expected=f"0 to {LARGEST_REFLECTANCE:g}", found=f"{low:g} to {high:g}")
    table[:, 3] /= LARGEST_REFLECTANCE
    return Rows(torch.from_numpy(table))
