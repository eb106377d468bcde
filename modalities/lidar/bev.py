"""Clouds seen from above: pillar features on a regular grid of the ground, a small convolutional pyramid over them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.adapter import Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch
from xmodal.data.sample import Sample, modality_of
from xmodal.errors import ConfigError
from xmodal.modalities.lidar.base import LidarAdapter
from xmodal.modalities.lidar.bev_pillars import BevCells, Span, pillars_of


class BevPoints(LidarAdapter):
    """Tokens are the cells of a grid on the ground, for clouds of any point sensor: LiDAR or radar.

    Pillars in the way of PointPillars (arXiv 1812.05784) and a pyramid in the way of FPN (arXiv 1612.03144), both
    small: each cell's statistics of its points, a linear layer and a ReLU give layer 0, which is zero and not valid
    in empty cells; every further layer is dense and ends in a ReLU, and all but the first of them halve the sides.
    The layers are merged into tokens on the full grid. `where` is x, y in metres in "bev_m", the axes of the car,
    whichever sensor is read, so that two sensors' tokens pair.

    Args:
        key: the entry to read, Rows([P, 2 + len(units)]) with x, y, z first.
        units: by which the columns from z on are divided, so that all come near unit size.
        extent_m: (low, high) of the grid along x (rows) and y (columns).
        cell_m: edge of a cell.
        height_m: (low, high); points above and below are dropped.
        origin_m: x, y of the sensor in the axes of the grid, to which its own are parallel.
        widths: channels of the dense layers; layer 0 has the first one's.
        width: D of the tokens.
    """

    place: Tensor

    def __init__(
        self,
        key: str = "lidar",
        units: Sequence[float] = (1.0, 1.0),
        extent_m: tuple[Span, Span] = ((0.0, 48.0), (-18.0, 18.0)),
        cell_m: float = 1.5,
        height_m: Span = (-4.0, 4.0),
        origin_m: tuple[float, float] = (0.0, 0.0),
        widths: Sequence[int] = (32, 48, 64),
        width: int = 48,
    ) -> None:
        super().__init__(key, features=2 + len(units))
        if not units or min(units) <= 0 or not widths or min(*widths, width) < 1:
            raise ConfigError(
                f"BevPoints: expected units > 0 and positive widths, found {units}, widths={widths}, width={width}"
            )
        self.cells = BevCells(extent_m, cell_m, height_m, origin_m)
        rows, columns = self.cells.shape
        if rows % 2 ** (len(widths) - 1) or columns % 2 ** (len(widths) - 1):
            raise ConfigError(f"BevPoints: {rows} x {columns} cells cannot be halved {len(widths) - 1} times")
        self.units = tuple(units)
        self.layer_widths = (widths[0], *widths)
        self.width, self.token_width = widths[-1], width
        self.pillar = nn.Linear(3 + 3 * len(units), widths[0])
        self.stages = nn.ModuleList(
            _Stage(before + (2 if i == 0 else 0), after, stride=1 if i == 0 else 2)
            for i, (before, after) in enumerate(pairwise(self.layer_widths))
        )
        self.lateral = nn.ModuleList(nn.Conv2d(w, width, 1) for w in widths)
        self.smooth = _conv(width, width, stride=1)
        self.register_buffer("place", self.cells.scaled_places(), persistent=False)

    def forward(self, batch: Batch, need: Need) -> Embedding:
        found = pillars_of(self.cloud(batch), self.cells, self.units)
        occupied = found.occupied.unsqueeze(-1)
        first = F.relu(self.pillar(found.features)) * occupied  # [B, N, D]
        maps = [first.transpose(1, 2).reshape(len(first), -1, *self.cells.shape)]
        x = torch.cat([maps[0], self.place.to(maps[0].dtype).expand(len(first), -1, -1, -1)], dim=1)
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        layers: tuple[Tokens, ...] = ()
        if need.layers:
            layers = (self._tokens(maps[0], found.of, found.occupied), *(self._tokens(m, found.of) for m in maps[1:]))
        return Embedding(
            pooled=maps[-1].mean((2, 3)) if need.pooled else None,
            tokens=self._tokens(self._merged(maps[1:]), found.of) if need.tokens else None,
            layers=layers,
        )

    def _merged(self, maps: list[Tensor]) -> Tensor:
        total = self.lateral[0](maps[0])
        for lateral, x in zip(self.lateral[1:], maps[1:], strict=True):
            total = total + F.interpolate(lateral(x), self.cells.shape, mode="bilinear", align_corners=False)
        out: Tensor = self.smooth(F.relu(total))
        return out

    def _tokens(self, x: Tensor, of: Tensor, valid: Tensor | None = None) -> Tokens:
        rows, columns = x.shape[-2:]
        coarser = self.cells.shape[0] // rows
        where = self.cells.where(coarser).to(x.device).expand(len(x), -1, -1)
        return Tokens(
            x.flatten(2).transpose(1, 2),
            valid=valid,
            where=where,
            frame="bev_m",
            grid=(rows, columns),
            of=self.cells.coarse(of, coarser),
            key=self.key,
        )

    @staticmethod
    def picture(sample: Sample, key: str) -> Any:
        if modality_of(key) == "radar":
            from xmodal.modalities.radar.picture import picture as radar_picture

            return radar_picture(sample, key)
        return LidarAdapter.picture(sample, key)


class _Stage(nn.Module):
    """A convolution, and one more whose result is added to it, under a ReLU."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.first, self.second = _conv(before, after, stride), _conv(after, after, stride=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        out: Tensor = x + self.second(x)
        return out


def _conv(before: int, after: int, stride: int) -> nn.Module:
    conv = nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(after), nn.ReLU())
