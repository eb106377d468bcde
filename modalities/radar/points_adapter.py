"""An encoder of radar clouds: pillars (or single points) as tokens, mixed on grids seen from above."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from xmodal.adapter import Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch, Ragged, collate
from xmodal.data.sample import Rows, Sample
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.lidar.embed import VoxelEmbed
from xmodal.modalities.lidar.mixing import ChannelMix, SpatialMix
from xmodal.modalities.lidar.planes import make_planes
from xmodal.modalities.lidar.pool import SetPool
from xmodal.modalities.lidar.voxels import Extent, Voxels, to_rectangle
from xmodal.modalities.radar.base import RadarAdapter
from xmodal.modalities.radar.columns import COLUMNS, RCS, V_R, VX, VY, X
from xmodal.modalities.radar.pillars import make_pillars

EXTENT_M = ((0.0, 60.0), (-30.0, 30.0), (-5.0, 5.0))
UNITS = (1.0, 1.0, 1.0, 10.0, 10.0, 10.0, 10.0, 10.0, 1.0)
"""Of each column, so that all come near unit size: 10 dB, 10 m/s."""
WHOLE_CIRCLE_DEG = ((-180.0, 180.0), (-90.0, 90.0))


class RadarPoints(RadarAdapter):
    """Tokens of a radar cloud [P, 9], which know where they are, how they reflect and how fast they move.

    The blocks are those of `PointEncoder`, on grids from above only. A cloud without any point gives no tokens and a
    pooled vector that is the same for every such cloud.

    Args:
        key: the entry to read.
        width: D of tokens and of the pooled vector.
        pillar_size_m: edge of the squares that become tokens; 0 makes each point a token.
        cells_m: edge of the cells that block i mixes on; one for each block.
        extent_m: (low, high) along x, y, z; points outside are dropped.
        mlp_ratio: hidden width of the channel perceptrons over `width`.
        pool: "mean", "max" or "mean_max".
    """

    def __init__(
        self,
        key: str = "radar",
        width: int = 64,
        pillar_size_m: float = 0.8,
        cells_m: Sequence[float] = (1.6, 3.2, 6.4),
        extent_m: Extent = EXTENT_M,
        mlp_ratio: float = 2.0,
        pool: str = "mean_max",
    ) -> None:
        super().__init__(key)
        if pillar_size_m < 0 or any(low >= high for low, high in extent_m):
            raise ConfigError(f"expected pillar_size_m >= 0 and low < high, found {pillar_size_m} and {extent_m}")
        self.pillar_size_m, self.extent_m = pillar_size_m, extent_m
        self.planes = make_planes(["xy"] * len(cells_m), [(c, c) for c in cells_m], extent_m, WHOLE_CIRCLE_DEG)
        self.width = self.token_width = width
        self.layer_widths = (width,) * len(self.planes)
        self.embed = VoxelEmbed(len(COLUMNS), width, extent_m)
        self.spatial = nn.ModuleList(SpatialMix(width) for _ in self.planes)
        self.channel = nn.ModuleList(ChannelMix(width, int(width * mlp_ratio)) for _ in self.planes)
        self.pool = SetPool(width, pool)

    def forward(self, batch: Batch, need: Need) -> Embedding:
        cloud = self._cloud(batch)
        pillars = make_pillars(cloud, size_m=self.pillar_size_m, extent_m=self.extent_m)
        states = self._states(cloud.values / cloud.values.new_tensor(UNITS), pillars, len(batch))
        slot, valid = pillars.slot(), pillars.valid()
        where = to_rectangle(pillars.where, slot, valid)

        def tokens(x: Tensor) -> Tokens:
            padded = to_rectangle(x, slot, valid)  # [B, N, D]
            return Tokens(padded, valid=valid, where=where, frame="radar_m", of=pillars.of, key=self.key)

        layers = tuple(tokens(x) for x in states) if need.layers else ()
        last = layers[-1] if layers else tokens(states[-1])
        return Embedding(
            pooled=self.pool(last.x, valid) if need.pooled else None,
            tokens=last if need.tokens else None,
            layers=layers,
        )

    def _states(self, values: Tensor, pillars: Voxels, size: int) -> list[Tensor]:
        """The tokens [T, D] after each block."""
        states = [self.embed(values, pillars)]
        for plane, spatial, channel in zip(self.planes, self.spatial, self.channel, strict=True):
            cells = plane.segments(pillars.where, pillars.sample, size)
            states.append(channel(spatial(states[-1], cells, (size, *plane.shape))))
        return states[1:]

    def _cloud(self, batch: Batch) -> Ragged:
        cloud = batch.ragged(self.key)
        if cloud.values.ndim != 2 or cloud.values.shape[1] != len(COLUMNS):
            found = str(list(cloud.values.shape))
            raise DataError(f"entry {self.key!r}", expected=f"radar points [P, {len(COLUMNS)}]", found=found)
        return cloud

    @staticmethod
    def example(batch_size: int) -> Batch:
        low, high = torch.tensor(EXTENT_M).unbind(1)
        samples = []
        for i in range(batch_size):
            points = torch.zeros(int(torch.randint(20, 80, ())), len(COLUMNS))
            points[:, :RCS] = low + torch.rand(len(points), RCS) * (high - low)
            points[:, RCS] = torch.randn(len(points)) * 8
            points[:, V_R] = torch.randn(len(points)) * 5
            points[:, V_R + 1] = points[:, V_R]
            sight = points[:, X:RCS] / torch.linalg.vector_norm(points[:, X:RCS], dim=1, keepdim=True).clamp_min(1e-6)
            points[:, [VX, VY]] = points[:, V_R, None] * sight[:, :2]
            samples.append(Sample(f"example-{i}", {"radar": Rows(points)}))
        return collate(samples)
