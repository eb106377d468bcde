"""Boxes become Gaussian bumps on a map, one at each centre.

The heat maps of CornerNet (arXiv 1808.01244) and CenterNet (arXiv 1904.07850), with which BEVDistill (ICLR 2023) and
UniDistill (CVPR 2023) weigh the foreground. Evidence: exact (form "released"); recalled (form "paper").
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from xmodal.losses._checks import check_known, check_positive
from xmodal.losses.geometry._boxes import check_boxes, highest_per_sample

Form = Literal["paper", "released"]


def gaussian_mask(
    boxes: Tensor,
    sample: Tensor,
    *,
    shape: tuple[int, int, int],
    min_overlap: float = 0.1,
    min_radius: int = 1,
    form: Form = "released",
) -> Tensor:
    """exp(-d^2 / (2 s^2)) around the cell of each box's centre, cut off r cells away; the maximum where bumps overlap.

    s = (2 r + 1) / 6, and r is the whole number of cells by which corners may be off while the intersection over
    union with the box stays at `min_overlap`. The angle of a box has no influence. Boxes without a positive size or
    with their centre off the map leave no bump. Overlap and least radius are 0.1 and 1 in BEVDistill, 0.7 and 0 in
    UniDistill. Memory grows as M H W.

    Args:
        boxes: [M, 5] turned boxes in pixels of the map: centre x, centre y, size along x, size along y, angle.
        sample: [M] int64, the sample of each box.
        shape: (B, H, W) of the mask.
        min_overlap: in (0, 1].
        min_radius: the least r, in cells.
        form: "paper"; "released" divides the roots of all three quadratic equations for r by 2 instead of 2 a and
            takes the larger roots, as the code of both sources and of most detectors of that family does. Its r is
            another number, which need not grow when the overlap falls.

    Returns:
        [B, H, W] float32 in [0, 1], 1 at the centre cells.

    Raises:
        ValueError: boxes that do not fit, a min_overlap <= 0, an unknown form.
    """
    check_boxes(boxes, sample, width=5)
    check_positive("min_overlap", min_overlap)
    check_known("form", form, ("paper", "released"))
    samples, height, width = shape
    boxes = boxes.double()
    column, row = boxes[:, 0].floor(), boxes[:, 1].floor()
    seen = (column >= 0) & (column < width) & (row >= 0) & (row < height) & (boxes[:, 2:4] > 0).all(1)
    radius = torch.where(seen, _radius(boxes[:, 2], boxes[:, 3], min_overlap, form).floor(), 0).clamp_min(min_radius)
    right = torch.arange(width, device=boxes.device) - column[:, None]  # [M, W]
    down = torch.arange(height, device=boxes.device) - row[:, None]  # [M, H]
    squared = down.square()[:, :, None] + right.square()[:, None, :]  # [M, H, W]
    near = (down.abs() <= radius[:, None])[:, :, None] & (right.abs() <= radius[:, None])[:, None, :]
    sigma = ((2 * radius + 1) / 6)[:, None, None]
    bumps = torch.where(near & seen[:, None, None], torch.exp(-squared / (2 * sigma.square())), 0)
    return highest_per_sample(bumps.float(), sample, samples)


def _radius(x: Tensor, y: Tensor, min_overlap: float, form: Form) -> Tensor:
    """The least of three: one corner inwards and one outwards, both inwards, both outwards."""
    around, area = x + y, x * y
    shift_root = (around**2 - 4 * area * (1 - min_overlap) / (1 + min_overlap)).clamp_min(0).sqrt()
    in_root = (4 * around**2 - 16 * (1 - min_overlap) * area).clamp_min(0).sqrt()
    out_root = (4 * min_overlap**2 * around**2 + 16 * min_overlap * (1 - min_overlap) * area).sqrt()
    if form == "released":
        ways = (around + shift_root, 2 * around + in_root, out_root - 2 * min_overlap * around)
        return torch.stack(ways).amin(0) / 2
    shifted, inwards = (around - shift_root) / 2, (2 * around - in_root) / 8
    return torch.stack((shifted, inwards, (out_root - 2 * min_overlap * around) / (8 * min_overlap))).amin(0)
