"""The calibration of one KITTI object frame: four rectified cameras, one LiDAR, one inertial unit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from xmodal.benchmarks.kitti.text import parse_number, read_lines
from xmodal.data.projection import compose
from xmodal.errors import DataError

_CAMERAS = ("P0", "P1", "P2", "P3")
_SHAPES = {**dict.fromkeys(_CAMERAS, (3, 4)), "R0_rect": (3, 3), "Tr_velo_to_cam": (3, 4), "Tr_imu_to_velo": (3, 4)}
_OPTIONAL = "Tr_imu_to_velo"  # some recordings in this format have no inertial unit and leave it empty


@dataclass(frozen=True, slots=True)
class Calibration:
    """Matrices in float64, metres and pixels. The camera frame is x right, y down, z forward.

    Attributes:
        cameras: P0 to P3, each [3, 4]: from the rectified frame of camera 0 to pixels of that camera.
        rectify: [3, 3] R0_rect: from camera 0 to its rectified frame, in which the boxes are given.
        lidar_to_camera: [3, 4] Tr_velo_to_cam: from the LiDAR (x forward, y left, z up) to camera 0.
        imu_to_lidar: [3, 4] Tr_imu_to_velo, or None where the file leaves it empty.
    """

    cameras: tuple[Tensor, ...]
    rectify: Tensor
    lidar_to_camera: Tensor
    imu_to_lidar: Tensor | None = None

    def lidar_to_image(self, camera: int = 2) -> Tensor:
        """[3, 4]: P * R0 * Tr, from LiDAR points to homogeneous pixels; camera 2 is the left colour camera."""
        return compose(self.cameras[camera], self.rectify, self.lidar_to_camera)

    def lidar_to_rectified(self) -> Tensor:
        """[3, 4]: R0 * Tr, from LiDAR points to the frame of the boxes."""
        return compose(torch.eye(3, 4), self.rectify, self.lidar_to_camera)


def read_calibration(path: Path) -> Calibration:
    """Read `calib/<frame>.txt`: lines "name: numbers" with P0 to P3, R0_rect, Tr_velo_to_cam, Tr_imu_to_velo.

    Raises:
        DataError: a field is missing, given twice, of the wrong length, not finite, or no rotation where the format
            has one. Lines of other names are not looked at.
    """
    found: dict[str, Tensor | None] = {}
    for number, line in enumerate(read_lines(path, f"the fields {', '.join(_SHAPES)}"), 1):
        name, colon, rest = line.partition(":")
        where = f"{path}, line {number}"
        if line.strip() and not colon:
            raise DataError(where, expected="'name: numbers'", found=f"{line!r:.60}")
        if name in found:
            raise DataError(where, expected=f"one line {name}", found="a second one")
        if name in _SHAPES:
            found[name] = _matrix(rest.split(), name, where)
    for name in _SHAPES:
        if name not in found and name != _OPTIONAL:
            raise DataError(f"{path}, field {name}", expected="a line 'name: numbers'", found="no such line")
    needed = {name: matrix for name, matrix in found.items() if matrix is not None}
    return Calibration(
        cameras=tuple(needed[name] for name in _CAMERAS),
        rectify=needed["R0_rect"],
        lidar_to_camera=needed["Tr_velo_to_cam"],
        imu_to_lidar=needed.get(_OPTIONAL),
    )


def _matrix(words: list[str], name: str, where: str) -> Tensor | None:
    rows, columns = _SHAPES[name]
    if name == _OPTIONAL and not words:
        return None
    if len(words) != rows * columns:
        raise DataError(f"{where}, field {name}", expected=f"{rows * columns} numbers", found=f"{len(words)}")
    numbers = [parse_number(word, f"{where}, field {name}") for word in words]
    matrix = torch.tensor(numbers, dtype=torch.float64).view(rows, columns)
    rotation = matrix[:, :3]
    if name not in _CAMERAS and (rotation @ rotation.T - torch.eye(3)).abs().max() > 1e-3:
        raise DataError(f"{where}, field {name}", expected="a rotation in the first 3 columns", found=f"{numbers}")
    if name in _CAMERAS and not (matrix[0, 0] > 0 and matrix[1, 1] > 0):
        found = f"{matrix[0, 0]:g} and {matrix[1, 1]:g}"
        raise DataError(f"{where}, field {name}", expected="positive focal lengths", found=found)
    return matrix
