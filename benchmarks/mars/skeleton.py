"""The skeletons of one subject: 25 joints a frame in a table, all x first, then all y, then all z."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xmodal.errors import DataError
from xmodal.modalities.series.table import read_table

JOINTS = (
    "SpineBase", "SpineMid", "Neck", "Head", "ShoulderLeft", "ElbowLeft", "WristLeft", "HandLeft", "ShoulderRight",
    "ElbowRight", "WristRight", "HandRight", "HipLeft", "KneeLeft", "AnkleLeft", "FootLeft", "HipRight", "KneeRight",
    "AnkleRight", "FootRight", "SpineShoulder", "HandTipLeft", "ThumbLeft", "HandTipRight", "ThumbRight",
)  # fmt: skip
CHANNELS = tuple(f"{joint}_{axis}" for axis in "XYZ" for joint in JOINTS)
FARTHEST_M = 10.0


def read_skeletons(path: Path) -> NDArray[np.float32]:
    """[n, 75] metres in the order of `CHANNELS`: x to the right, y away from the camera, z up.

    Raises:
        DataError: missing, other columns, a joint that is not finite or farther off than a Kinect can see.
    """
    names, values = read_table(path)
    if tuple(names) != CHANNELS:
        odd = [name for name in names if name not in CHANNELS][:3] or "the same names in another order or number"
        expected = f"the {len(CHANNELS)} columns {CHANNELS[0]} to {CHANNELS[-1]}"
        raise DataError(f"{path}: columns", expected=expected, found=f"{len(names)}, with {odd}")
    bad = np.argwhere(~(np.abs(values) <= FARTHEST_M))
    if len(bad):
        row, column = bad[0].tolist()
        expected = f"metres from {-FARTHEST_M:g} to {FARTHEST_M:g}"
        found = f"{values[row, column]:g} in line {row + 2}"
        raise DataError(f"{path}: {CHANNELS[column]}", expected=expected, found=found)
    return values.astype(np.float32)


def from_hips(skeletons: NDArray[np.float32]) -> NDArray[np.float32]:
    """[T, 75] metres from where the base of the spine was on average over these frames: where a person stands says
    nothing about the movement."""
    joints = skeletons.reshape(len(skeletons), 3, len(JOINTS))
    moved: NDArray[np.float32] = joints - joints[:, :, :1].mean(0)
    return moved.reshape(skeletons.shape)
