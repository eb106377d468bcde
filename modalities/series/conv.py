"""Residual 1-D convolutions over a series of any length."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from xmodal.adapter import Need
from xmodal.bus import Embedding
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError
from xmodal.modalities.series.base import SeriesAdapter


class SeriesConv(SeriesAdapter):
    """Each stage halves the time axis and adds one residual convolution; tokens are the steps of the last stage.

    Steps that pad a batch are zero before every convolution and norms look at one step alone, so that a series gives
    the same tokens in any batch. The pooled vector is the mean over the tokens.

    Args:
        channels, key, rate_hz, mean, std: as in `SeriesAdapter`.
        widths: D of each stage.
        kernel: steps a convolution sees, odd.
    """

    def __init__(
        self,
        channels: int = 6,
        key: str = "series",
        rate_hz: float | None = None,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        widths: Sequence[int] = (32, 64, 128),
        kernel: int = 5,
    ) -> None:
        super().__init__(channels, key, rate_hz, mean, std)
        if not widths or kernel < 1 or kernel % 2 == 0:
            raise ConfigError(f"expected one width or more and an odd kernel, found {widths} and {kernel}")
        self.stages = nn.ModuleList(_Stage(a, b, kernel) for a, b in pairwise((channels, *widths)))
        self.layer_widths = tuple(widths)
        self.width = self.token_width = widths[-1]

    def forward(self, batch: Batch, need: Need) -> Embedding:
        x, steps = self.padded(batch)
        valid, layers = steps, []
        for i, stage in enumerate(self.stages):
            x, valid = stage(x, valid)
            layers.append(self.time_tokens(x, valid, steps, stride=2 ** (i + 1)))
        return Embedding(
            pooled=layers[-1].mean() if need.pooled else None,
            tokens=layers[-1] if need.tokens else None,
            layers=tuple(layers) if need.layers else (),
        )


class _Stage(nn.Module):
    def __init__(self, width_in: int, width_out: int, kernel: int) -> None:
        super().__init__()
        self.down = nn.Conv1d(width_in, width_out, kernel, stride=2, padding=kernel // 2)
        self.mix = nn.Conv1d(width_out, width_out, kernel, padding=kernel // 2)
        self.norms = nn.ModuleList(nn.LayerNorm(width_out) for _ in range(2))

    def forward(self, x: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """x [B, T, D], zero where not valid [B, T] -> the same at ceil(T / 2) steps."""
        valid = valid[:, ::2]
        keep = valid.unsqueeze(-1)
        x = F.gelu(self.norms[0](_along_time(self.down, x))) * keep
        x = (x + F.gelu(self.norms[1](_along_time(self.mix, x)))) * keep
        return x, valid


def _along_time(conv: nn.Module, x: Tensor) -> Tensor:
    out: Tensor = conv(x.transpose(1, 2)).transpose(1, 2)
    return out
