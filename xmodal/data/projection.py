"""Projection of points into a camera by a 3x4 matrix, in float64."""

from __future__ import annotations

import torch
from torch import Tensor


def project(xyz: Tensor, matrix: Tensor, size: tuple[int, int] | None = None) -> tuple[Tensor, Tensor]:
    """Where points fall in an image, and how deep they lie.

    Args:
        xyz: [P, 3] in the frame that `matrix` starts from, metres.
        matrix: [3, 4] from homogeneous points to homogeneous pixels.
        size: (H, W) of the image in pixels; None keeps points beside the image.

    Returns:
        uv_px [P, 2] float64, u right and v down, NaN for points at or behind the camera plane (they would otherwise
        land in the image mirrored) and, given `size`, for points outside [0, W) x [0, H); depth [P] float64, the
        projected third component of every point, in the units of xyz for a matrix with a unit third row.

    Raises:
        ValueError: for other shapes.
    """
    if xyz.ndim != 2 or xyz.shape[1] != 3 or matrix.shape != (3, 4):
        raise ValueError(
            f"project expects xyz [P, 3] and matrix [3, 4], not {tuple(xyz.shape)} and {tuple(matrix.shape)}"
        )
    matrix = matrix.double()
    uvw = xyz.double() @ matrix[:, :3].T + matrix[:, 3]  # [P, 3]
    depth = uvw[:, 2]
    uv = uvw[:, :2] / depth.unsqueeze(1)
    seen = depth > 0
    if size is not None:
        height, width = size
        seen = seen & (uv >= 0).all(1) & (uv[:, 0] < width) & (uv[:, 1] < height)
    return torch.where(seen.unsqueeze(1), uv, torch.nan), depth


def compose(matrix: Tensor, *steps: Tensor) -> Tensor:
    """matrix [3, 4] times each step [3, 3] (a rotation) or [3, 4] (a rigid motion), as 4x4 matrices: [3, 4] float64.

    The last step is the first to act on a point.
    """
    out = matrix.double()
    for step in steps:
        square = torch.eye(4, dtype=torch.float64)
        square[:3, : step.shape[1]] = step.double()
        out = out @ square
    return out
