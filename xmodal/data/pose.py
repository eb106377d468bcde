"""Reads the pose of a sensor from a text file: 12 numbers as KITTI writes them, or the whole matrix."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from xmodal.errors import DataError

LARGEST_BYTES = 10_000


def read_pose(path: Path) -> Tensor:
    """float64 [4, 4]: the sensor's frame in the world, metres.

    The file holds the first three rows of the matrix, or all four, row by row, separated by blanks, commas or lines.

    Raises:
        DataError: a missing file, other than 12 or 16 finite numbers, no rotation, a last row other than 0 0 0 1.
    """
    if not path.is_file():
        raise DataError(path, expected="a text file with a pose", found="no such file")
    if path.stat().st_size > LARGEST_BYTES:
        raise DataError(path, expected=f"at most {LARGEST_BYTES} bytes", found=f"{path.stat().st_size}")
    numbers = [_number(path, word) for word in path.read_bytes().replace(b",", b" ").split()]
    if len(numbers) not in (12, 16):
        raise DataError(path, expected="12 or 16 numbers", found=f"{len(numbers)}")
    pose = torch.eye(4, dtype=torch.float64)
    pose.view(-1)[: len(numbers)] = torch.tensor(numbers, dtype=torch.float64)
    if not pose.isfinite().all():
        raise DataError(path, expected="finite numbers", found="NaN or infinity")
    if not torch.equal(pose[3], torch.tensor([0, 0, 0, 1.0], dtype=torch.float64)):
        raise DataError(f"{path}: last row", expected="0 0 0 1", found=f"{pose[3].tolist()}")
    turn = pose[:3, :3]
    off = float((turn @ turn.T - torch.eye(3, dtype=torch.float64)).abs().max())
    if off > 1e-3 or float(torch.linalg.det(turn)) < 0:
        raise DataError(f"{path}: first three columns", expected="a rotation", found=f"one that is off by {off:.3g}")
    return pose


def _number(path: Path, word: bytes) -> float:
    try:
        return float(word)
    except ValueError:
        raise DataError(path, expected="numbers", found=repr(word[:20].decode("utf-8", "replace"))) from None
