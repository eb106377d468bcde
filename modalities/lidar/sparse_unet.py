"""A U-Net of sparse convolutions over voxels (spconv), the usual strong encoder of clouds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from xmodal.adapter import Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError
from xmodal.modalities.lidar.base import EXTENT_M, LidarAdapter
from xmodal.modalities.lidar.embed import VoxelEmbed
from xmodal.modalities.lidar.levels import level_tokens
from xmodal.modalities.lidar.pool import SetPool
from xmodal.modalities.lidar.sparse_blocks import ResidualBlock, down, join, up
from xmodal.modalities.lidar.spconv_guard import load_spconv
from xmodal.modalities.lidar.voxels import Extent, Voxels, lattice, voxelise


class SparseUNet(LidarAdapter):
    """Residual sparse U-Net: tokens are the occupied voxels.

    Layers are the levels of the decoder, from the deepest (largest voxels, widths[-1]) to the tokens (widths[0]).

    Args:
        key: the entry to read.
        widths: channels of each level; from level to level the voxels become twice as large.
        blocks: residual blocks at each level of the encoder (the decoder has one).
        voxel_size_m: edge of the cubes at level 0, > 0.
        extent_m: (low, high) along x, y, z; points outside are dropped.
        features: columns a point has; the first three are x, y, z in metres.
        pool: "mean", "max" or "mean_max".

    Raises:
        XmodalError: spconv is not installed.
    """

    def __init__(
        self,
        key: str = "lidar",
        widths: Sequence[int] = (32, 64, 96, 128),
        blocks: int = 2,
        voxel_size_m: float = 0.1,
        extent_m: Extent = EXTENT_M,
        features: int = 4,
        pool: str = "mean_max",
    ) -> None:
        super().__init__(key, features)
        if not widths or blocks < 1 or voxel_size_m <= 0:
            found = f"widths={tuple(widths)}, blocks={blocks}, voxel_size_m={voxel_size_m}"
            raise ConfigError(f"expected at least one width, blocks >= 1 and voxel_size_m > 0, found {found}")
        sp = load_spconv()
        self.voxel_size_m, self.extent_m = voxel_size_m, extent_m
        self.width = self.token_width = widths[0]
        self.layer_widths = tuple(reversed(widths))
        self.embed = VoxelEmbed(features, widths[0], extent_m)
        deeper = range(1, len(widths))
        self.encoder = nn.ModuleList(
            nn.Sequential(*(ResidualBlock(sp, width, width, level) for _ in range(blocks)))
            for level, width in enumerate(widths)
        )
        self.down = nn.ModuleList(down(sp, widths[i - 1], widths[i], i) for i in deeper)
        self.up = nn.ModuleList(up(sp, widths[i], widths[i - 1], i) for i in deeper)
        self.decoder = nn.ModuleList(ResidualBlock(sp, 2 * widths[i - 1], widths[i - 1], i - 1) for i in deeper)
        self.pool = SetPool(widths[0], pool)

    def forward(self, batch: Batch, need: Need) -> Embedding:
        cloud = self.cloud(batch)
        voxels = voxelise(cloud, voxel_size_m=self.voxel_size_m, extent_m=self.extent_m)
        x = self.embed(cloud.values, voxels)
        levels = self._levels(x, voxels)
        layers = tuple(levels) if need.layers else ()
        last = levels[-1]
        return Embedding(
            pooled=self.pool(last.x, last.mask()) if need.pooled else None,
            tokens=last if need.tokens else None,
            layers=layers,
        )

    def _levels(self, x: Tensor, voxels: Voxels) -> list[Tokens]:
        """The decoder's tokens, deepest level first."""
        low = x.new_tensor(self.extent_m)[:, 0]
        depth = len(self.layer_widths)

        def tokens(features: Tensor, indices: Tensor, level: int) -> Tokens:
            tokens = level_tokens(features, indices, voxels, level=level, low=low, voxel_size_m=self.voxel_size_m)
            return replace(tokens, key=self.key)

        if not len(x):  # spconv refuses a cloud without voxels
            none = voxels.of.new_zeros(0, 4)
            return [tokens(x.new_zeros(0, width), none, 0) for width in self.layer_widths]
        states = self._run(self._sparse(x, voxels))
        return [tokens(s.features, s.indices, depth - 1 - i) for i, s in enumerate(states)]

    def _sparse(self, x: Tensor, voxels: Voxels) -> Any:
        # Sides that halve evenly at every level: the last row of an odd side would fall out of the strided convolution.
        step = 2 ** (len(self.layer_widths) - 1)
        shape = [-(-side // step) * step for side in lattice(self.extent_m, self.voxel_size_m)]
        indices = torch.cat([voxels.sample.unsqueeze(1), voxels.cell], dim=1).int()
        return load_spconv().SparseConvTensor(x, indices, shape, len(voxels.lengths))

    def _run(self, x: Any) -> list[Any]:
        skips = []
        for level, encode in enumerate(self.encoder):
            x = encode(self.down[level - 1](x) if level else x)
            skips.append(x)
        states = [skips.pop()]
        for level in reversed(range(len(skips))):
            states.append(self.decoder[level](join(self.up[level](states[-1]), skips[level])))
        return states
