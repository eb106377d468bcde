"""nuScenes radar: PCD files of 18 fixed fields, most of them states of the sensor's own tracker."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xmodal.data.sample import Rows
from xmodal.errors import DataError
from xmodal.modalities.lidar.files import MAX_NUMBERS, check_finite, read_bytes
from xmodal.modalities.lidar.pcd_header import PcdHeader, parse_header
from xmodal.modalities.radar.columns import RCS, V_R, V_R_COMP, VX, VY, X, Y, Z, radar_rows

DTYPE = np.dtype(
    [
        ("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("dyn_prop", "i1"), ("id", "<i2"), ("rcs", "<f4"), ("vx", "<f4"),
        ("vy", "<f4"), ("vx_comp", "<f4"), ("vy_comp", "<f4"), ("is_quality_valid", "i1"), ("ambig_state", "i1"),
        ("x_rms", "i1"), ("y_rms", "i1"), ("invalid_state", "i1"), ("pdh0", "i1"), ("vx_rms", "i1"), ("vy_rms", "i1"),
    ]
)  # fmt: skip
"""One point. vx, vy: the radial velocity as a vector along the line of sight; vx_comp, vy_comp: without own motion."""

VALID_STATES = (0,)
DYNAMIC_STATES = tuple(range(7))
"""Moving, standing, oncoming, ...; 7 is "stopped", which the data set's own default leaves out as well."""
UNAMBIGUOUS_STATES = (3,)


def read_nuscenes_radar(
    path: Path | str,
    invalid_state: Collection[int] = VALID_STATES,
    dyn_prop: Collection[int] = DYNAMIC_STATES,
    ambig_state: Collection[int] = UNAMBIGUOUS_STATES,
) -> NDArray[np.void]:
    """Read a radar `.pcd`: a structured array [P] of `DTYPE`, P >= 0.

    A file whose first point holds NaN stands for an empty scan.

    Args:
        invalid_state, dyn_prop, ambig_state: points with another state are left out.

    Raises:
        DataError: not the 18 fields of such a file, truncated, or a point other than the first is not finite.
    """
    path = Path(path)
    data = read_bytes(path)
    header = parse_header(path, data)
    _check_fields(path, header)
    room, needed = len(data) - header.start, header.points * DTYPE.itemsize
    # The data set's files end with a byte that belongs to no point.
    if not needed <= room < needed + DTYPE.itemsize:
        expected = f"{header.points} x {DTYPE.itemsize} bytes, as its header says"
        raise DataError(f"{path}: points", expected=expected, found=f"{room} bytes")
    points = np.frombuffer(data, dtype=DTYPE, count=header.points, offset=header.start)
    numbers = np.stack([points[name] for name in _float_names()], axis=1)
    if np.isnan(numbers[0]).any():
        return points[:0]
    check_finite(path, numbers, "points")
    keep = np.isin(points["invalid_state"], list(invalid_state)) & np.isin(points["dyn_prop"], list(dyn_prop))
    out: NDArray[np.void] = points[keep & np.isin(points["ambig_state"], list(ambig_state))]
    return out


def nuscenes_rows(points: NDArray[np.void]) -> Rows:
    """Rows([P, 9]) of `COLUMNS`; v_r is the velocity (vx, vy) along the line of sight seen from above, time is 0."""
    table = np.zeros((len(points), 9))
    table[:, X], table[:, Y], table[:, Z] = points["x"], points["y"], points["z"]
    table[:, RCS] = points["rcs"]
    sight = table[:, [X, Y]] / np.maximum(np.hypot(table[:, X], table[:, Y]), 1e-9)[:, None]
    table[:, V_R] = points["vx"] * sight[:, 0] + points["vy"] * sight[:, 1]
    table[:, V_R_COMP] = points["vx_comp"] * sight[:, 0] + points["vy_comp"] * sight[:, 1]
    table[:, VX], table[:, VY] = points["vx_comp"], points["vy_comp"]
    return radar_rows(table)


def _float_names() -> list[str]:
    assert DTYPE.names is not None
    return [name for name in DTYPE.names if DTYPE[name].kind == "f"]


def _check_fields(path: Path, header: PcdHeader) -> None:
    names = [field.name for field in header.fields]
    if names != list(DTYPE.names or ()):
        expected = f"the 18 fields {' '.join(DTYPE.names or ())}"
        raise DataError(f"{path}: FIELDS", expected=expected, found=f"{' '.join(names)!r:.120}")
    for field in header.fields:
        if field.dtype != DTYPE[field.name] or field.count != 1:
            expected = f"one number of type {DTYPE[field.name]}"
            found = f"{field.count} of type {field.dtype}"
            raise DataError(f"{path}: field {field.name}", expected=expected, found=found)
    if header.encoding != "binary":
        raise DataError(f"{path}: DATA", expected="binary", found=header.encoding)
    if header.points * len(names) > MAX_NUMBERS:
        raise DataError(f"{path}: POINTS", expected=f"at most {MAX_NUMBERS // len(names):,}", found=f"{header.points}")
