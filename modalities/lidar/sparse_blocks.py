"""Building blocks of a sparse U-Net; `spconv` is handed in, so that importing this file does not need it.

Layer norm over channels instead of batch norm: a voxel does not depend on its batch, and one voxel alone can train.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ResidualBlock(nn.Module):
    """Two submanifold convolutions (3 x 3 x 3) around a shortcut: the set of voxels stays as it is.

    Args:
        spconv: the module `spconv.pytorch`.
        width_in: channels in; the shortcut is linear where it differs from `width`.
        width: channels out.
        level: blocks of one level share the table of neighbours.
    """

    def __init__(self, spconv: Any, width_in: int, width: int, level: int) -> None:
        super().__init__()

        def conv(a: int, b: int) -> nn.Module:
            # The native algorithm is the one that exists on both CPU and GPU.
            made: nn.Module = spconv.SubMConv3d(
                a, b, 3, padding=1, bias=False, indice_key=f"level{level}", algo=spconv.ConvAlgo.Native
            )
            return made

        self.first, self.second = conv(width_in, width), conv(width, width)
        self.norm_first, self.norm_second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.shortcut = nn.Identity() if width_in == width else nn.Linear(width_in, width)

    def forward(self, x: Any) -> Any:
        y = self.first(x)
        y = y.replace_feature(F.relu(self.norm_first(y.features)))
        y = self.second(y)
        return y.replace_feature(F.relu(self.norm_second(y.features) + self.shortcut(x.features).float()))


class Resize(nn.Module):
    """A convolution (2 x 2 x 2) to voxels twice as large, or its inverse back to the voxels it came from.

    Args:
        conv: the sparse convolution.
        width: its channels out.
    """

    def __init__(self, conv: nn.Module, width: int) -> None:
        super().__init__()
        self.conv, self.norm = conv, nn.LayerNorm(width)

    def forward(self, x: Any) -> Any:
        y = self.conv(x)
        return y.replace_feature(F.relu(self.norm(y.features)))


def down(spconv: Any, width_in: int, width: int, level: int) -> Resize:
    """From level - 1 to level."""
    algo = spconv.ConvAlgo.Native
    conv = spconv.SparseConv3d(width_in, width, 2, stride=2, bias=False, indice_key=f"down{level}", algo=algo)
    return Resize(conv, width)


def up(spconv: Any, width_in: int, width: int, level: int) -> Resize:
    """From level back to level - 1."""
    algo = spconv.ConvAlgo.Native
    conv = spconv.SparseInverseConv3d(width_in, width, 2, bias=False, indice_key=f"down{level}", algo=algo)
    return Resize(conv, width)


def join(x: Any, skip: Any) -> Any:
    """Channels of two sparse tensors over the same voxels, side by side."""
    features: tuple[Tensor, Tensor] = (x.features, skip.features)
    return x.replace_feature(torch.cat(features, dim=1))
