"""The tokens of a grid averaged over rectangular regions, so that relations between regions stay few."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def pool_regions(tokens: Tensor, *, grid: tuple[int, int], regions: tuple[int, int]) -> Tensor:
    """[B, N, D] -> [B, rows * columns, D], the mean of each region; student and teacher may have other grids.

    Args:
        tokens: [B, H * W, D], row by row.
        grid: (H, W).
        regions: (rows, columns); regions share border tokens where they do not divide the grid.

    Raises:
        ValueError: tokens that are not [B, H * W, D], regions below one.
    """
    height, width = grid
    if tokens.ndim != 3 or tokens.shape[1] != height * width:
        raise ValueError(f"expected tokens [B, {height} * {width}, D], found {list(tokens.shape)}")
    if min(regions) < 1:
        raise ValueError(f"expected regions of at least one row and column, found {regions}")
    maps = tokens.transpose(1, 2).reshape(len(tokens), -1, height, width)  # [B, D, H, W]
    return F.adaptive_avg_pool2d(maps, regions).flatten(2).transpose(1, 2)
