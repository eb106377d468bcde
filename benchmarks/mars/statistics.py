"""What a window of radar points looks like in numbers: where points and motion are, and how that changes.

The points of each frame are counted on three grids of cells (front, side and top view) around the window's median
point, with the sum and the size of their Doppler velocities, and summed up in some moments; then each number's mean,
deviation and mean step over the frames are taken. All scales are fixed, so that a new window needs no statistics of a
training set.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

EXTENT_M = (1.8, 1.2, 2.4)
"""Sides of the box of cells along x, y, z; points beyond count in the outermost cell."""
CELLS = (8, 5, 8)
VIEWS = {"front": (0, 2), "side": (1, 2), "top": (0, 1)}
PLACE_M = (0.0, 1.9, 0.3)
"""Where the middle of a person is on average, seen from the radar."""
STILL_MPS = 0.05
_COUNTED = ("points", "Doppler", "speed")
_AXES = "xyz"
_MOMENTS = (
    ["points"]
    + [f"{what} {axis}" for what in ("mean", "deviation", "least", "most") for axis in _AXES]
    + [f"Doppler {what}" for what in ("mean", "deviation", "least", "most")]
    + ["speed", "intensity", "moving share"]
    + [f"{what} {axis}" for what in ("moving mean", "moving deviation", "Doppler moment") for axis in _AXES]
)
_PER_FRAME = [
    f"{view} {i},{j} {what}"
    for view, (a, b) in VIEWS.items()
    for what in _COUNTED
    for i in range(CELLS[a])
    for j in range(CELLS[b])
] + _MOMENTS
NAMES = tuple(f"{name}: {over}" for over in ("mean", "deviation", "step") for name in _PER_FRAME)
"""Of the numbers that `radar_statistics` returns."""


def radar_statistics(points: NDArray[np.float64], frame: NDArray[np.int64], frames: int = 16) -> Tensor:
    """[F] float32, about unit size, in the order of `NAMES`.

    Args:
        points: [P, 5] x to the right, y away from the radar, z up in metres, Doppler in m/s, intensity above 0.
        frame: [P] the frame of each point, from 0 to frames - 1, never falling; a frame may have no point.
    """
    middle = np.median(points[:, :3], axis=0) if len(points) else np.zeros(3)
    middle[2] = PLACE_M[2]  # the height above the radar tells arms from legs
    cells = [_cells(points, frame, frames, middle, axes) for axes in VIEWS.values()]
    table = np.concatenate([*cells, _moments(points, frame, frames)], axis=1)  # [T, F / 3]
    step = np.abs(np.diff(table, axis=0)).mean(0) if frames > 1 else np.zeros(table.shape[1])
    return torch.from_numpy(np.concatenate([table.mean(0), table.std(0), step]).astype(np.float32))


def _cells(
    points: NDArray[np.float64],
    frame: NDArray[np.int64],
    frames: int,
    middle: NDArray[np.float64],
    axes: tuple[int, int],
) -> NDArray[np.float64]:
    """[T, 3 * cells]: log of the count, sum of Doppler, sum of its size."""
    code, total = frame, frames
    for axis in axes:
        share = (points[:, axis] - middle[axis]) / EXTENT_M[axis] + 0.5
        code = code * CELLS[axis] + np.clip((share * CELLS[axis]).astype(np.int64), 0, CELLS[axis] - 1)
        total *= CELLS[axis]
    doppler = points[:, 3]
    sums = [np.bincount(code, weights, minlength=total) for weights in (None, doppler, np.abs(doppler))]
    sums[0] = np.log1p(sums[0])
    return np.concatenate([s.reshape(frames, -1) for s in sums], axis=1)


def _moments(points: NDArray[np.float64], frame: NDArray[np.int64], frames: int) -> NDArray[np.float64]:
    """[T, len(_MOMENTS)], each times a fixed factor that brings it near unit size; zeros where there is no point."""
    xyz, doppler = points[:, :3] - np.array(PLACE_M), points[:, 3:4]
    speed, logs = np.abs(doppler), np.log1p(points[:, 4:])
    count = np.bincount(frame, minlength=frames)[:, None]

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([np.bincount(frame, column, minlength=frames) for column in values.T], axis=1)

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return total(values) / np.maximum(count, 1)

    def ends(values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        least, most = (np.full((frames, values.shape[1]), sign * np.inf) for sign in (1, -1))
        np.minimum.at(least, frame, values)
        np.maximum.at(most, frame, values)
        return [np.where(count > 0, end, 0) for end in (least, most)]

    weight = speed + 1e-3  # in a frame that stands still all points count
    weight = weight / np.maximum(total(weight), 1e-9)[frame]
    centre, moving, doppler_mean = mean(xyz), total(weight * xyz), mean(doppler)
    low, high = ends(xyz)
    slowest, fastest = ends(doppler)
    parts = [
        np.log1p(count) / 2,
        *(4 * centre, 4 * np.sqrt(mean((xyz - centre[frame]) ** 2)), 2 * low, 2 * high),
        *(4 * doppler_mean, 2 * np.sqrt(mean((doppler - doppler_mean[frame]) ** 2)), slowest, fastest),
        *(2 * mean(speed), mean(logs) / 2, 2 * mean((speed > STILL_MPS).astype(np.float64))),
        *(4 * moving, 4 * np.sqrt(total(weight * (xyz - moving[frame]) ** 2)), 8 * mean(doppler * xyz)),
    ]
    return np.concatenate(parts, axis=1)
