"""A small convolutional net over range images: rows are few and far apart, so columns are halved first."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

STRIDES = ((1, 2), (2, 2), (2, 2))


class RangeNet(nn.Module):
    """Image [B, C, H, W] -> the map of each stage, in depth order; the strides of the stages are `STRIDES`.

    Group norm instead of batch norm, so that a sample does not depend on its batch.

    Args:
        channels: C.
        widths: one for each stage.
    """

    def __init__(self, channels: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.widths = tuple(widths)
        sizes = (channels, *widths)
        self.stages = nn.ModuleList(
            nn.Sequential(_convolution(sizes[i], sizes[i + 1], STRIDES[i]), _Residual(sizes[i + 1]))
            for i in range(len(widths))
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        maps = [image]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        return maps[1:]


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(_convolution(width, width, (1, 1)), nn.Conv2d(width, width, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.body(x)
        return out


def _convolution(width_in: int, width_out: int, stride: tuple[int, int]) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(width_in, width_out, 3, stride=stride, padding=1), nn.GroupNorm(1, width_out), nn.ReLU()
    )
