"""The grid of the phantom, its tissues, the types of its arrays. Places are millimetres in RAS+ about the middle."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import torch
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

CLASSES: tuple[str, ...] = ("control", "dementia")
SHAPE = (24, 32, 28)
"""(Z, Y, X): voxels of both scans."""
VOXEL_MM = 6.0


class Tissue(IntEnum):
    """What a voxel can hold; rows of the shares [T, Z, Y, X]."""

    AIR = 0
    SOFT = 1
    BONE = 2
    CSF = 3
    GREY = 4
    WHITE = 5


def places_mm() -> F32:
    """[3, Z, Y, X]: x (right), y (front), z (up) of every voxel's centre."""
    axes = [(np.arange(n, dtype=np.float32) - np.float32((n - 1) / 2)) * np.float32(VOXEL_MM) for n in SHAPE]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    return np.stack([x, y, z])


def affine() -> torch.Tensor:
    """[4, 4] float64: from voxel indices (x, y, z, 1) to millimetres."""
    matrix = torch.diag(torch.tensor([VOXEL_MM, VOXEL_MM, VOXEL_MM, 1.0], dtype=torch.float64))
    matrix[:3, 3] = torch.tensor([-(n - 1) / 2 * VOXEL_MM for n in reversed(SHAPE)], dtype=torch.float64)
    return matrix
