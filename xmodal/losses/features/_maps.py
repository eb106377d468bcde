"""Feature maps of two sizes on one grid."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def on_one_grid(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """[B, C, H, W] and [B, C', H', W'] -> both with min(H, H') rows and min(W, W') columns, the larger averaged."""
    height, width = min(a.shape[2], b.shape[2]), min(a.shape[3], b.shape[3])
    return pooled(a, height, width), pooled(b, height, width)


def pooled(x: Tensor, height: int, width: int) -> Tensor:
    """[B, C, H, W] -> [B, C, height, width], each cell the mean of what it covers."""
    return x if x.shape[2:] == (height, width) else F.adaptive_avg_pool2d(x, (height, width))
