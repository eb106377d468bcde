"""The convention of boxes on a map, and the conversions that follow from it.

Pixel (column i, row j) of a map covers [i, i + 1) x [j, j + 1): its centre is (i + 0.5, j + 0.5). x runs along the
width, y along the height, both in pixels of that map. Boxes of a whole batch stand in one tensor beside `sample` [M]
(int64), which says in which sample of the batch each lies; no padding. Two layouts, told apart by their width:

    turned boxes   [M, 5]   centre x, centre y, size along x, size along y, angle in radians from x towards y
    upright boxes  [M, 4]   left, top, right, bottom
"""

from __future__ import annotations

import torch
from torch import Tensor


def check_boxes(boxes: Tensor, sample: Tensor, *, width: int) -> None:
    """Boxes [M, width] with an int64 sample number [M] each.

    Raises:
        ValueError: otherwise; it quotes both.
    """
    fits = boxes.ndim == 2 and boxes.shape[1] == width and sample.shape == boxes.shape[:1]
    if not fits or sample.dtype != torch.int64:
        raise ValueError(
            f"expected boxes [M, {width}] with sample [M] of torch.int64, "
            f"found {list(boxes.shape)} with {list(sample.shape)} of {sample.dtype}"
        )


def corners(boxes: Tensor) -> Tensor:
    """Turned boxes [M, 5] -> [M, 4, 2] corners (x, y), around the box from its lower x and lower y."""
    signs = torch.tensor([[-1, -1], [-1, 1], [1, 1], [1, -1]], dtype=boxes.dtype, device=boxes.device) / 2
    x, y = (boxes[:, None, 2:4] * signs).unbind(-1)  # [M, 4]
    cos, sin = boxes[:, 4:].cos(), boxes[:, 4:].sin()
    return boxes[:, None, :2] + torch.stack([x * cos - y * sin, x * sin + y * cos], dim=-1)


def upright(boxes: Tensor) -> Tensor:
    """Turned boxes [M, 5] -> the smallest upright boxes [M, 4] around them."""
    points = corners(boxes)
    return torch.cat([points.amin(1), points.amax(1)], dim=1)


def highest_per_sample(values: Tensor, sample: Tensor, samples: int) -> Tensor:
    """[M, H, W], one map a box, -> [samples, H, W], the maximum over the boxes of each sample, 0 without boxes."""
    empty = values.new_zeros(samples, *values.shape[1:])
    return empty.scatter_reduce(0, sample[:, None, None].expand_as(values), values, reduce="amax")
