"""Nine points of a box at which two maps are compared.

UniDistill (CVPR 2023): corners, middles of the edges, centre. Evidence: exact.
"""

from __future__ import annotations

import torch
from torch import Tensor

from xmodal.losses.geometry._boxes import corners


def box_keypoints(boxes: Tensor) -> Tensor:
    """The four corners around the box, its centre, the four middles of its edges.

    Args:
        boxes: [M, 5] turned boxes in pixels of the map: centre x, centre y, size along x, size along y, angle in
            radians from x towards y.

    Returns:
        [M, 9, 2] points (x, y) in the same pixels; pixel i covers [i, i + 1).

    Raises:
        ValueError: boxes of another shape.
    """
    if boxes.ndim != 2 or boxes.shape[1] != 5:
        raise ValueError(f"expected boxes [M, 5], found {list(boxes.shape)}")
    points = corners(boxes)  # [M, 4, 2]
    middles = (points + points.roll(-1, dims=1)) / 2
    return torch.cat([points, boxes[:, None, :2], middles], dim=1)
