"""A small residual 3-D convolutional network that needs nothing but torch."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from xmodal.adapter import Need
from xmodal.bus import Embedding
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError
from xmodal.modalities.volume.base import VolumeAdapter


class VolumeConv(VolumeAdapter):
    """Stages that halve the volume, each with one residual block; group norm, as batches of volumes are small.

    Args:
        key: the entry to read.
        channels: of the volume.
        widths: D of each stage; the last is that of the pooled vector.
        token_level: which stage gives the tokens; -1 is the deepest.
        dropout: share of the channels of the last stage that is dropped in training.
    """

    def __init__(
        self,
        key: str = "volume",
        channels: int = 1,
        widths: Sequence[int] = (16, 32, 64, 128),
        token_level: int = -1,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(key, channels)
        if not widths or min(widths) < 1:
            raise ConfigError(f"widths: expected at least one width above 0, found {tuple(widths)}")
        if not -len(widths) <= token_level < len(widths):
            raise ConfigError(f"token_level: expected a stage of {len(widths)}, found {token_level}")
        self.stages = nn.ModuleList(_Stage(a, b) for a, b in pairwise((channels, *widths)))
        self.drop = nn.Dropout3d(dropout)
        self.layer_widths, self.width = tuple(widths), widths[-1]
        self.token_level, self.token_width = token_level, widths[token_level]

    def forward(self, batch: Batch, need: Need) -> Embedding:
        volume = self.volume(batch)
        maps = [volume]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        maps[-1] = self.drop(maps[-1])
        return self.embedding(maps[1:], volume, need, self.token_level)


class _Stage(nn.Module):
    """[B, in, Z, Y, X] -> [B, out, Z / 2, Y / 2, X / 2], sides rounded up."""

    def __init__(self, width_in: int, width: int) -> None:
        super().__init__()
        self.down = nn.Conv3d(width_in, width, 3, stride=2, padding=1, bias=False)
        self.norm = _norm(width)
        self.block = nn.Sequential(
            nn.Conv3d(width, width, 3, padding=1, bias=False),
            _norm(width),
            nn.ReLU(),
            nn.Conv3d(width, width, 3, padding=1, bias=False),
            _norm(width),
        )
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.norm(self.down(x)))
        out: Tensor = self.act(x + self.block(x))
        return out


def _norm(width: int) -> nn.Module:
    groups = next(g for g in (8, 4, 2, 1) if width % g == 0)
    return nn.GroupNorm(groups, width)
