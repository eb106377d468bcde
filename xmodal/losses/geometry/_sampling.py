"""Maps read out at points between their pixels."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.losses._checks import check_known

Axes = Literal["paper", "released"]
GUARD = 1e-4
"""What the source adds to a number of boxes, a sum of weights or a length before it divides by it."""


def guarded(total: Tensor | int) -> Tensor:
    """A number of boxes or a sum of weights, in float32 as in the source, to divide by."""
    return torch.as_tensor(total).float() + GUARD


def check_points(points: Tensor, sample: Tensor) -> None:
    """Points [M, K, 2] with an int64 sample number [M] each.

    Raises:
        ValueError: otherwise; it quotes both.
    """
    fits = points.ndim == 3 and points.shape[-1] == 2 and sample.shape == points.shape[:1]
    if not fits or sample.dtype != torch.int64:
        raise ValueError(
            f"expected points [M, K, 2] with sample [M] of torch.int64, "
            f"found {list(points.shape)} with {list(sample.shape)} of {sample.dtype}"
        )


def sample_points(maps: Tensor, points: Tensor, sample: Tensor, form: Axes) -> Tensor:
    """Bilinear values at points, zeros beyond the map.

    Args:
        maps: [B, C, H, W].
        points: [M, K, 2] (x, y) in pixels; pixel i covers [i, i + 1).
        sample: [M] int64.
        form: "released" takes the share of the width for the share of the height and the other way round.

    Returns:
        [M, K, C].
    """
    check_known("form", form, ("paper", "released"))
    height, width = maps.shape[2:]
    place = 2 * points.to(maps.dtype) / torch.tensor([width, height], dtype=maps.dtype, device=maps.device) - 1
    place = place.flip(-1) if form == "released" else place
    # One reading of each map for all its boxes: copying the map once a box would not fit into memory.
    rank = (sample[:, None] == sample[None, :]).tril(-1).sum(1)  # [M], which box of its sample
    most = int(rank.max()) + 1 if len(rank) else 1
    grid = place.new_zeros(len(maps), most, points.shape[1], 2)
    grid[sample, rank] = place
    read = F.grid_sample(maps, grid, align_corners=False)  # [B, C, most, K]
    return read.permute(0, 2, 3, 1)[sample, rank]
