"""The two halves of a WaffleIron layer: mixing among neighbours on a flat grid, and mixing among channels.

Puy, Boulch, Marlet: Using a Waffle Iron for Automotive Point Cloud Semantic Segmentation, ICCV 2023,
https://arxiv.org/abs/2301.10100. Ours differs: layer instead of batch norm, so that a sample does not depend on its
batch.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.modalities.lidar.segments import Segments, add_spread, segment_mean

LAYER_SCALE = 1.0
"""The source starts at 0, for nets of 48 layers; six layers learn faster with plain residuals."""


class SpatialMix(nn.Module):
    """Tokens [T, D] -> [T, D]: averaged onto a grid, convolved channel by channel, read back; residual.

    Args:
        width: D.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        # Without scale and shift: the layer that follows has its own.
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.first = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.second = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.scale = nn.Parameter(torch.full((width,), LAYER_SCALE))

    def forward(self, x: Tensor, segments: Segments, shape: tuple[int, int, int]) -> Tensor:
        """shape: (B, H, W) with B * H * W groups in `segments`."""
        grid = segment_mean(self.norm(x), segments)  # [B * H * W, D]
        image = grid.view(*shape, -1).permute(0, 3, 1, 2)  # channels last in memory: what the convolutions like best
        image = F.relu_(self.first(image))
        # Scaling 9 weights a channel is the same as scaling the output, and free.
        weight, bias = self.second.weight * self.scale.view(-1, 1, 1, 1), self.second.bias
        assert bias is not None
        image = F.conv2d(image, weight, bias * self.scale, padding=1, groups=len(weight))
        return add_spread(x, image.permute(0, 2, 3, 1).reshape(len(grid), -1), segments)


class ChannelMix(nn.Module):
    """Tokens [T, D] -> [T, D]: a two-layer perceptron on each token; residual.

    Args:
        width: D.
        hidden: width of the layer between.
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        # Without scale and shift: the layer that follows has its own.
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.first = nn.Linear(width, hidden)
        self.second = nn.Linear(hidden, width)
        self.scale = nn.Parameter(torch.full((width,), LAYER_SCALE))

    def forward(self, x: Tensor) -> Tensor:
        hidden = F.relu_(self.first(self.norm(x)))
        return x + F.linear(hidden, self.second.weight * self.scale.unsqueeze(1), self.second.bias * self.scale)
