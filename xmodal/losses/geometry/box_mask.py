"""Boxes become a mask over the cells of a map.

The masks of AMFD (IEEE TMM 2025, arXiv 2405.12944), as in FGD before it, and the 0/1 masks of CRKD (CVPR 2024).
Evidence: exact.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from xmodal.losses._checks import check_known
from xmodal.losses.geometry._boxes import check_boxes, highest_per_sample, upright

Weight = Literal["one", "inverse_area"]
Cells = Literal["covered", "released"]


def box_mask(
    boxes: Tensor,
    sample: Tensor,
    *,
    shape: tuple[int, int, int],
    weight: Weight = "one",
    cells: Cells = "covered",
) -> Tensor:
    """The cells that boxes cover, as weights; where boxes overlap, the larger weight. Memory grows as M H W.

    Args:
        boxes: [M, 4] left, top, right, bottom in pixels of the map, or [M, 5] turned boxes (centre x, centre y, size
            along x, size along y, angle), of which the upright box around them is taken. Scale boxes that are given
            in pixels of an image first.
        sample: [M] int64, the sample of each box.
        shape: (B, H, W) of the mask.
        weight: "one", or "inverse_area": 1 / the number of cells of the box, those outside of the map included, so
            that small objects count as much as large ones.
        cells: "covered": every cell that the box touches; "released": as AMFD's code, which goes one further row
            and column beyond the far sides.

    Returns:
        [B, H, W] in [0, 1], in the dtype of the boxes, at least float32.

    Raises:
        ValueError: boxes that do not fit, an unknown weight or choice of cells.
    """
    check_known("weight", weight, ("one", "inverse_area"))
    check_known("cells", cells, ("covered", "released"))
    check_boxes(boxes, sample, width=5 if boxes.ndim == 2 and boxes.shape[1] == 5 else 4)
    samples, height, width = shape
    boxes = boxes.to(torch.promote_types(boxes.dtype, torch.float32))
    left, top, right, bottom = (upright(boxes) if boxes.shape[1] == 5 else boxes).unbind(1)
    further = 1 if cells == "released" else 0
    rows, tall = _span(top, bottom, height, further)
    columns, wide = _span(left, right, width, further)
    inside = rows[:, :, None] & columns[:, None, :]  # [M, H, W]
    value = 1 / (tall * wide).clamp_min(1) if weight == "inverse_area" else torch.ones_like(tall)
    return highest_per_sample(inside * value[:, None, None], sample, samples)


def _span(low: Tensor, high: Tensor, size: int, further: int) -> tuple[Tensor, Tensor]:
    """[M, size] bool, the cells from low up to high, and [M] how many they would be on an endless map."""
    cell = torch.arange(size, device=low.device)
    first, end = low.floor()[:, None], high.ceil()[:, None] + further
    return (cell >= first) & (cell < end), (end - first).squeeze(1)
