"""A point-cloud encoder in plain torch: voxel tokens, mixed on flat grids (after WaffleIron, arXiv 2301.10100)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from xmodal.adapter import Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch, Ragged
from xmodal.errors import ConfigError
from xmodal.modalities.lidar.base import EXTENT_M, LidarAdapter
from xmodal.modalities.lidar.embed import VoxelEmbed
from xmodal.modalities.lidar.mixing import ChannelMix, SpatialMix
from xmodal.modalities.lidar.planes import make_planes
from xmodal.modalities.lidar.pool import SetPool
from xmodal.modalities.lidar.voxels import Extent, Voxels, to_rectangle, voxelise

PLANES = ("xy", "xz", "yz", "xy", "xz", "yz")
CELLS = ((0.8, 0.8), (0.8, 0.4), (0.8, 0.4), (1.6, 1.6), (1.6, 0.8), (1.6, 0.8))
"""Fine first, then twice as coarse, so that six small convolutions reach far."""
VIEW_DEG = ((-180.0, 180.0), (-30.0, 15.0))


class PointEncoder(LidarAdapter):
    """Voxel tokens of a cloud, mixed on flat grids seen from changing sides.

    Args:
        key: the entry to read.
        width: D of tokens and of the pooled vector.
        depth: number of blocks; block i mixes on plane i modulo the number of planes.
        voxel_size_m: edge of the cubes that become tokens; 0 makes each point a token.
        planes: "xy", "xz", "yz" or "range" (azimuth by elevation around the origin).
        cells: for each plane the cell size along its two axes, in metres; for "range" in degrees.
        extent_m: (low, high) along x, y, z; points outside are dropped.
        view_deg: (low, high) of azimuth and elevation that "range" covers; what lies beyond counts to its border.
        features: columns a point has; the first three are x, y, z in metres.
        mlp_ratio: hidden width of the channel perceptrons over `width`.
        pool: "mean", "max" or "mean_max".
    """

    def __init__(
        self,
        key: str = "lidar",
        width: int = 96,
        depth: int = 6,
        voxel_size_m: float = 0.3,
        planes: Sequence[str] = PLANES,
        cells: Sequence[tuple[float, float]] = CELLS,
        extent_m: Extent = EXTENT_M,
        view_deg: tuple[tuple[float, float], tuple[float, float]] = VIEW_DEG,
        features: int = 4,
        mlp_ratio: float = 1.0,
        pool: str = "mean_max",
    ) -> None:
        super().__init__(key, features)
        if depth < 1 or voxel_size_m < 0:
            raise ConfigError(f"expected depth >= 1 and voxel_size_m >= 0, found {depth} and {voxel_size_m}")
        self.voxel_size_m, self.extent_m = voxel_size_m, extent_m
        self.planes = make_planes(planes, cells, extent_m, view_deg)[:depth]
        self.width = self.token_width = width
        self.layer_widths = (width,) * depth
        self.embed = VoxelEmbed(features, width, extent_m)
        self.spatial = nn.ModuleList(SpatialMix(width) for _ in range(depth))
        self.channel = nn.ModuleList(ChannelMix(width, int(width * mlp_ratio)) for _ in range(depth))
        self.pool = SetPool(width, pool)

    def forward(self, batch: Batch, need: Need) -> Embedding:
        cloud = self.cloud(batch)
        voxels = self._voxels(cloud)
        states = self._blocks(self.embed(cloud.values, voxels), voxels.where, voxels.sample, size=len(batch), first=0)
        slot, valid = voxels.slot(), voxels.valid()
        where = to_rectangle(voxels.where, slot, valid)

        def tokens(x: Tensor) -> Tokens:
            padded = to_rectangle(x, slot, valid)  # [B, N, D]
            return Tokens(padded, valid=valid, where=where, frame="lidar_m", of=voxels.of, key=self.key)

        layers = tuple(tokens(x) for x in states[1:]) if need.layers else ()
        last = layers[-1] if layers else tokens(states[-1])
        return Embedding(
            pooled=self.pool(last.x, valid) if need.pooled else None,
            tokens=last if need.tokens else None,
            layers=layers,
        )

    def upper(self, batch: Batch, tokens: Tensor, valid: Tensor | None, layer: int, rows: Tensor | None) -> Embedding:
        """As the base class says. N must be that of the adapter's own tokens of those samples: it needs their places.

        Raises:
            ValueError: another N, or a layer that does not exist.
        """
        if not -1 <= layer < len(self.spatial):
            raise ValueError(f"expected a layer from -1 to {len(self.spatial) - 1}, found {layer}")
        cloud = self.cloud(batch)
        voxels = self._voxels(cloud if rows is None else cloud.rows(rows))
        keep = voxels.valid()
        if tokens.shape[:2] != keep.shape:
            found = list(tokens.shape[:2])
            raise ValueError(f"expected tokens [b, N] = {list(keep.shape)}, one a voxel, found {found}")
        where = to_rectangle(voxels.where, voxels.slot(), keep).flatten(0, 1)
        keep = keep if valid is None else keep & valid
        slot = keep.flatten().nonzero().squeeze(1)
        x = tokens.flatten(0, 1).index_select(0, slot).float()
        if layer != -1:
            sample = slot // max(1, keep.shape[1])
            x = self._blocks(x, where[slot], sample, size=len(keep), first=layer + 1)[-1]
        padded = to_rectangle(x, slot, keep)
        own = Tokens(padded, valid=keep, where=where.view(*keep.shape, 3), frame="lidar_m", of=voxels.of, key=self.key)
        return Embedding(pooled=self.pool(padded, keep), tokens=own)

    def _voxels(self, cloud: Ragged) -> Voxels:
        return voxelise(cloud, voxel_size_m=self.voxel_size_m, extent_m=self.extent_m)

    def _blocks(self, x: Tensor, where: Tensor, sample: Tensor, *, size: int, first: int) -> list[Tensor]:
        """x [T, D], where [T, 3], sample [T] in [0, size): x, then x after each block from number `first` on."""
        numbers = range(first, len(self.spatial))
        used = {i % len(self.planes) for i in numbers}
        views = {i: self.planes[i].segments(where, sample, size) for i in used}
        states = [x]
        for i in numbers:
            which = i % len(self.planes)
            mixed = self.spatial[i](states[-1], views[which], (size, *self.planes[which].shape))
            states.append(self.channel[i](mixed))
        return states
