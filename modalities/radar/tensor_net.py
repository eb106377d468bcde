"""A convolutional net over two or three axes of a radar cube, each stage half as fine as the one before."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn


class TensorNet(nn.Module):
    """[B, C, *sides] -> the map of each stage, in depth order.

    Group norm instead of batch norm, so that a sample does not depend on its batch.

    Args:
        axes: how many sides there are, 2 or 3.
        channels: C.
        widths: one for each stage.
    """

    def __init__(self, axes: int, channels: int, widths: Sequence[int]) -> None:
        super().__init__()
        convolution = nn.Conv2d if axes == 2 else nn.Conv3d

        def block(width_in: int, width_out: int, stride: int) -> nn.Module:
            layer = convolution(width_in, width_out, 3, stride=stride, padding=1)
            return nn.Sequential(layer, nn.GroupNorm(1, width_out), nn.ReLU())

        sizes = (channels, *widths)
        self.down = nn.ModuleList(block(a, b, 2) for a, b in pairwise(sizes))
        self.refine = nn.ModuleList(block(width, width, 1) for width in widths)

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = []
        for down, refine in zip(self.down, self.refine, strict=True):
            x = down(x)
            x = x + refine(x)
            maps.append(x)
        return maps
