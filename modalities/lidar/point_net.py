"""PointNet: one perceptron shared by all points, then a pool over them, for objects that are cut out already."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from xmodal.adapter import Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError
from xmodal.modalities.lidar.base import LidarAdapter
from xmodal.modalities.lidar.pool import SetPool
from xmodal.modalities.lidar.voxels import to_rectangle, voxelise

EVERYWHERE = ((-math.inf, math.inf),) * 3


class PointNet(LidarAdapter):
    """Each point is a token that knows nothing of its neighbours; the pooled vector knows the whole set.

    Qi, Su, Mo, Guibas: PointNet, CVPR 2017, without its learned input rotations and with layer instead of batch norm,
    so that a cloud does not depend on its batch. The second pool over a marked part is ours.

    Args:
        key: the entry to read.
        features: columns a point has; the first three are x, y, z in metres.
        widths: of the perceptron's layers; the last is D of the tokens.
        width: D of the pooled vector.
        centre_m, unit_m: x, y, z are taken from this centre in these units, so that they come near unit size; a
            point with a coordinate that is no number is dropped.
        part: a column that is 1 for the points of the object itself and 0 for what stands around it. They are pooled
            once more on their own, so that a crowd around a small object cannot hide it. None for one pool over all.
        pool: "mean", "max" or "mean_max".
        dropout: share of the pooled vector that is dropped in training.
    """

    def __init__(
        self,
        key: str = "lidar",
        features: int = 4,
        widths: Sequence[int] = (64, 128, 256),
        width: int = 256,
        centre_m: tuple[float, float, float] = (0.0, 0.0, 0.0),
        unit_m: tuple[float, float, float] = (10.0, 10.0, 2.0),
        part: int | None = None,
        pool: str = "mean_max",
        dropout: float = 0.0,
    ) -> None:
        super().__init__(key, features)
        if not widths:
            raise ConfigError("expected at least one width, found none")
        if part is not None and not 0 <= part < features:
            raise ConfigError(f"part: expected a column from 0 to {features - 1}, found {part}")
        if min(unit_m) <= 0:
            raise ConfigError(f"unit_m: expected three positive lengths, found {unit_m}")
        self.centre_m, self.unit_m, self.part = tuple(centre_m), tuple(unit_m), part
        sizes = (features, *widths)
        self.layers = nn.ModuleList(_layer(a, b) for a, b in pairwise(sizes))
        self.layer_widths, self.token_width, self.width = tuple(widths), widths[-1], width
        self.pools = nn.ModuleList(SetPool(widths[-1], pool) for _ in range(1 if part is None else 2))
        self.join = nn.Sequential(
            nn.ReLU(), nn.Linear(widths[-1] * len(self.pools), width), nn.ReLU(), nn.Dropout(dropout)
        )

    def forward(self, batch: Batch, need: Need) -> Embedding:
        cloud = self.cloud(batch)
        voxels = voxelise(cloud, voxel_size_m=0, extent_m=EVERYWHERE)
        slot, valid = voxels.slot(), voxels.valid()
        points = cloud.values.index_select(0, voxels.kept).float()
        states = self._states(points)

        def tokens(x: Tensor) -> Tokens:
            where = to_rectangle(voxels.where, slot, valid)
            padded = to_rectangle(x, slot, valid)  # [B, N, D]
            return Tokens(padded, valid=valid, where=where, frame="lidar_m", of=voxels.of, key=self.key)

        last = tokens(states[-1])
        return Embedding(
            pooled=self._pooled(last.x, valid, to_rectangle(points, slot, valid)) if need.pooled else None,
            tokens=last if need.tokens else None,
            layers=(*(tokens(x) for x in states[:-1]), last) if need.layers else (),
        )

    def _states(self, points: Tensor) -> list[Tensor]:
        """points [K, features] -> the output [K, D] of each layer, float32."""
        xyz = (points[:, :3] - points.new_tensor(self.centre_m)) / points.new_tensor(self.unit_m)
        states = [torch.cat([xyz, points[:, 3:]], dim=1)]
        for layer in self.layers:
            states.append(layer(states[-1]))
        return [x.float() for x in states[1:]]

    def _pooled(self, x: Tensor, valid: Tensor, points: Tensor) -> Tensor:
        sets = [valid]
        if self.part is not None:
            sets.append(valid & (points[..., self.part] > 0.5))
        parts = [pool(x, members) for pool, members in zip(self.pools, sets, strict=True)]
        pooled: Tensor = self.join(torch.cat(parts, dim=1))
        return pooled


def _layer(width_in: int, width_out: int) -> nn.Module:
    return nn.Sequential(nn.Linear(width_in, width_out), nn.LayerNorm(width_out), nn.ReLU())
