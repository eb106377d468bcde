"""An encoder of radar cubes: tokens are the cells of a map over range and azimuth, or range, Doppler and azimuth."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from xmodal.adapter import Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError, DataError, unknown
from xmodal.modalities.radar.base import RadarAdapter
from xmodal.modalities.radar.tensor_net import TensorNet

VIEWS = {"range_azimuth": 2, "range_doppler_azimuth": 3}
DECIBELS = {"magnitude": 20.0, "power": 10.0}
"""Decibels for a factor of ten."""
SCALES = (*DECIBELS, "decibel")


class RadarTensor(RadarAdapter):
    """Convolutions over a cube [B, R, D, A] or [B, R, D, A, E] (range, Doppler, azimuth, elevation).

    The cube is taken in decibels below its own strongest cell, so that neither gain nor unit matters.

    Args:
        key: the entry to read.
        doppler: D, the number of Doppler bins.
        elevation: E, the number of elevation bins; 0 for cubes without that axis.
        view: "range_azimuth" convolves over these two, the other bins are channels; "range_doppler_azimuth" convolves
            over three, elevation bins are channels.
        scale: what the cube's numbers are: "magnitude", "power" or "decibel".
        floor_db: cells weaker than this below the strongest one count as this.
        widths: of the stages; each halves every side.
        level: which stage's map becomes the tokens; -1 is the deepest.
    """

    def __init__(
        self,
        key: str = "radar",
        doppler: int = 16,
        elevation: int = 0,
        view: str = "range_azimuth",
        scale: str = "power",
        floor_db: float = 80.0,
        widths: Sequence[int] = (32, 64, 128),
        level: int = -1,
    ) -> None:
        super().__init__(key)
        for name, value, known in (("view", view, VIEWS), ("scale", scale, SCALES)):
            if value not in known:
                raise unknown(name, value, known)
        if doppler < 1 or elevation < 0 or floor_db <= 0:
            raise ConfigError(
                f"expected doppler >= 1, elevation >= 0, floor_db > 0, found {doppler}, {elevation}, {floor_db}"
            )
        if not widths or not -len(widths) <= level < len(widths):
            raise ConfigError(f"expected widths and a level among them, found {tuple(widths)} and {level}")
        self.doppler, self.elevation, self.axes = doppler, elevation, VIEWS[view]
        self.scale, self.floor_db, self.level = scale, floor_db, level
        heights = max(elevation, 1)
        self.net = TensorNet(self.axes, heights if self.axes == 3 else doppler * heights, widths)
        self.layer_widths = tuple(widths)
        self.width, self.token_width = widths[-1], widths[level]

    def forward(self, batch: Batch, need: Need) -> Embedding:
        cube = self._cube(batch)
        maps = [m.float() for m in self.net(self._image(self._relative(cube)))]
        sides = (cube.shape[1], cube.shape[3]) if self.axes == 2 else tuple(cube.shape[1:4])
        return Embedding(
            pooled=maps[-1].flatten(2).mean(2) if need.pooled else None,
            tokens=self._tokens(maps[self.level], sides) if need.tokens else None,
            layers=tuple(self._tokens(m, sides) for m in maps) if need.layers else (),
        )

    def _cube(self, batch: Batch) -> Tensor:
        """[B, R, D, A, E] with E = 1 where the entry has no such axis."""
        cube = batch.tensor(self.key)
        found = list(cube.shape)
        bins = [self.doppler] + ([self.elevation] if self.elevation else [])
        if len(found) != 3 + len(bins) or found[2] != self.doppler or found[4:] != bins[1:]:
            last = f", E = {self.elevation}" if self.elevation else ""
            raise DataError(f"entry {self.key!r}", expected=f"[B, R, D = {self.doppler}, A{last}]", found=f"{found}")
        return cube if self.elevation else cube.unsqueeze(-1)

    def _relative(self, cube: Tensor) -> Tensor:
        """The cube in decibels, from -1 at the floor to 1 at its strongest cell."""
        cube = cube.float()
        if self.scale in DECIBELS:
            strength = cube.abs()
            peak = strength.amax((1, 2, 3, 4), keepdim=True)
            # Where nothing was received at all, everything lies on the floor.
            below = DECIBELS[self.scale] * torch.log10((strength / peak.clamp_min(1e-30)).clamp_min(1e-30))
        else:
            below = cube - cube.amax((1, 2, 3, 4), keepdim=True)
        return 1 + below.clamp_min(-self.floor_db) * (2 / self.floor_db)

    def _image(self, cube: Tensor) -> Tensor:
        """[B, R, D, A, E] -> channels first: [B, D * E, R, A] or [B, E, R, D, A]."""
        if self.axes == 2:
            return cube.permute(0, 2, 4, 1, 3).flatten(1, 2)
        return cube.permute(0, 4, 1, 2, 3)

    def _tokens(self, features: Tensor, sides: tuple[int, ...]) -> Tokens:
        """features [B, D, *grid]; `where` counts in bins of the cube."""
        grid = tuple(features.shape[2:])
        centres = [
            (torch.arange(cells, device=features.device) + 0.5) * (side / cells)
            for cells, side in zip(grid, sides, strict=True)
        ]
        where = torch.stack(torch.meshgrid(*centres, indexing="ij"), dim=-1).view(1, -1, len(grid))
        return Tokens(
            features.flatten(2).transpose(1, 2),
            where=where.expand(len(features), -1, -1),
            frame="radar_bins",
            grid=grid,
            key=self.key,
        )

    @staticmethod
    def example(batch_size: int) -> Batch:
        return Batch(
            keys=tuple(f"example-{i}" for i in range(batch_size)),
            entries={"radar": torch.rand(batch_size, 32, 16, 24).square()},
            index=torch.arange(batch_size),
        )
