"""A student's map is spread beyond the few cells that its sensor reaches before it is compared."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class CrossModalityAlignment(nn.Module):
    """Down by 2, a ConvNeXt block, up by 2, joined with the input by a 1 x 1 convolution, ReLU.

    The alignment of RadarDistill (CVPR 2024) with one level. There it is a part of the student that stays.

    Args:
        width: channels in. teacher_width: channels out.
    """

    def __init__(self, width: int, teacher_width: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(width, width, 2, stride=2)
        self.spread = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.GroupNorm(1, width)
        self.mix = nn.Sequential(nn.Conv2d(width, 2 * width, 1), nn.GELU(), nn.Conv2d(2 * width, width, 1))
        self.up = nn.ConvTranspose2d(width, width, 2, stride=2)
        self.join = nn.Conv2d(2 * width, teacher_width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, width, H, W] -> [B, teacher_width, H, W]; H and W are even."""
        low = self.down(x)
        low = low + self.mix(self.norm(self.spread(low)))
        return F.relu(self.join(torch.cat([x, self.up(low)], dim=1)))
