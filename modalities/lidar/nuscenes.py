"""nuScenes: its LiDAR files, and the chain of frames from a LiDAR point to a camera pixel.

Frames: LiDAR x right, y forward, z up (not KITTI's); ego x forward, y left, z up; camera x right, y down, z forward.
The sensors fire at different moments, so a point goes through the global frame: the car has moved in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xmodal.errors import DataError
from xmodal.modalities.lidar.files import check_finite, float32_table

LIDAR_COLUMNS = ("x", "y", "z", "intensity", "ring")
LARGEST_INTENSITY, LARGEST_RING = 255.0, 127.0
NEAREST_M = 1.0
"""Points closer than this along the optical axis hit the car itself; the data set's own projection drops them too."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a frame (a sensor, the car) lies in its parent (the car, the world).

    Attributes:
        rotation_wxyz: a unit quaternion, real part first.
        translation_m: the origin of the frame, in the parent.
    """

    rotation_wxyz: Sequence[float]
    translation_m: Sequence[float]


def read_nuscenes_lidar(path: Path | str) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Read a `.pcd.bin`: (names, [P, 5]) = x, y, z (metres), intensity in [0, 255], ring (whole numbers).

    Raises:
        DataError: truncated, not finite, or columns that no such file has (four floats a point, read as five, say).
    """
    path = Path(path)
    table = float32_table(path, columns=len(LIDAR_COLUMNS))
    check_finite(path, table)
    intensity, ring = table[:, 3], table[:, 4]
    if intensity.min() < 0 or intensity.max() > LARGEST_INTENSITY:
        found = f"{intensity.min():g} to {intensity.max():g}"
        raise DataError(f"{path}: intensity (column 3)", expected=f"0 to {LARGEST_INTENSITY:g}", found=found)
    whole = (ring == np.floor(ring)) & (ring >= 0) & (ring <= LARGEST_RING)
    if not whole.all():
        found = f"{ring[whole.argmin()]:g} at row {int(whole.argmin())}"
        raise DataError(f"{path}: ring (column 4)", expected=f"whole numbers from 0 to {LARGEST_RING:g}", found=found)
    return LIDAR_COLUMNS, table


def rotation_matrix(wxyz: Sequence[float]) -> Matrix:
    """[3, 3] of a unit quaternion (w, x, y, z); a DataError if its length is not 1 within a thousandth."""
    q = np.asarray(wxyz, dtype=np.float64)
    length = float(np.linalg.norm(q)) if q.shape == (4,) else 0.0
    if not abs(length - 1) < 1e-3:
        raise DataError("rotation", expected="a unit quaternion (w, x, y, z)", found=f"{list(wxyz)}")
    w, v = q[0] / length, q[1:] / length
    cross = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    out: Matrix = np.eye(3) + 2 * w * cross + 2 * cross @ cross
    return out


def to_parent(xyz_m: Matrix, pose: Pose) -> Matrix:
    """Points [P, 3] of a frame in the coordinates of its parent."""
    out: Matrix = xyz_m @ rotation_matrix(pose.rotation_wxyz).T + np.asarray(pose.translation_m, dtype=np.float64)
    return out


def to_child(xyz_m: Matrix, pose: Pose) -> Matrix:
    """Points [P, 3] of the parent in the coordinates of the frame: undoes `to_parent`."""
    out: Matrix = (xyz_m - np.asarray(pose.translation_m, dtype=np.float64)) @ rotation_matrix(pose.rotation_wxyz)
    return out


def lidar_to_camera(
    xyz_lidar_m: NDArray[np.floating], *, lidar: Pose, ego_at_lidar: Pose, ego_at_camera: Pose, camera: Pose
) -> Matrix:
    """Points [P, 3] of the LiDAR in the camera's frame.

    Args:
        lidar, camera: the sensors on the car (`calibrated_sensor`).
        ego_at_lidar, ego_at_camera: the car in the world when each sensor fired (`ego_pose`).
    """
    xyz_global_m = to_parent(to_parent(np.asarray(xyz_lidar_m, dtype=np.float64), lidar), ego_at_lidar)
    return to_child(to_child(xyz_global_m, ego_at_camera), camera)


def camera_to_pixels(
    xyz_camera_m: Matrix, intrinsic: Matrix, size_px: tuple[int, int], nearest_m: float = NEAREST_M
) -> Matrix:
    """(u, v) [P, 2] in pixels; NaN for points that are not in front of the camera or outside of the image.

    Args:
        intrinsic: K [3, 3].
        size_px: (H, W).
        nearest_m: points at this depth or nearer are not seen; at least 0, so that none behind the camera is.
    """
    depth = xyz_camera_m[:, 2]
    front = depth > max(nearest_m, 0.0)
    uv_px = np.full((len(depth), 2), np.nan)
    uv_px[front] = ((xyz_camera_m[front] @ np.asarray(intrinsic).T) / depth[front, None])[:, :2]
    height, width = size_px
    inside = (uv_px >= 0).all(1) & (uv_px < (width, height)).all(1)
    uv_px[~inside] = np.nan
    return uv_px
