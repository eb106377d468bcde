"""A transformer over patches of a series of any length."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn

from xmodal.adapter import Need
from xmodal.bus import Embedding
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError
from xmodal.modalities.blocks import Block, sine_positions
from xmodal.modalities.series.base import SeriesAdapter


class SeriesTransformer(SeriesAdapter):
    """Each token is a patch of steps; its place in time is written as sines. The pooled vector is the tokens' mean.

    Args:
        channels, key, rate_hz, mean, std: as in `SeriesAdapter`.
        patch: steps a token; the last patch of a series may be partly empty.
        width: D.
        depth: blocks.
        heads: of each block.
    """

    def __init__(
        self,
        channels: int = 6,
        key: str = "series",
        rate_hz: float | None = None,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        patch: int = 4,
        width: int = 64,
        depth: int = 2,
        heads: int = 4,
    ) -> None:
        super().__init__(channels, key, rate_hz, mean, std)
        if patch < 1 or depth < 1:
            raise ConfigError(f"expected patch and depth of at least 1, found {patch} and {depth}")
        self.patch = patch
        self.embed = nn.Linear(patch * channels, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.width = self.token_width = width
        self.layer_widths = (width,) * depth

    def forward(self, batch: Batch, need: Need) -> Embedding:
        series, steps = self.padded(batch)
        rest = -series.shape[1] % self.patch
        whole = F.pad(series, (0, 0, 0, rest))
        patches = whole.reshape(len(whole), whole.shape[1] // self.patch, -1)  # [B, N, patch * C]
        valid = steps[:, :: self.patch]
        place = torch.arange(patches.shape[1], device=series.device)
        x = self.embed(patches) + sine_positions(place, self.width)
        layers = []
        for block in self.blocks:
            x = block(x, valid)
            layers.append(self.time_tokens(x, valid, steps, self.patch))
        tokens = self.time_tokens(self.norm(x), valid, steps, self.patch)
        return Embedding(
            pooled=tokens.mean() if need.pooled else None,
            tokens=tokens if need.tokens else None,
            layers=tuple(layers) if need.layers else (),
        )
