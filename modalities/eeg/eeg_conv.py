"""A small convolutional network for EEG: filters in time, filters over the electrodes, patches of time as tokens.

Lawhern et al.: EEGNet, a compact convolutional neural network for EEG-based brain-computer interfaces, J. Neural Eng.
2018, with learned patches in place of its flat classifier, so that windows of any length fit.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xmodal.adapter import Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError
from xmodal.modalities.eeg.base import EXAMPLE_CHANNELS, EXAMPLE_RATE_HZ, EEGAdapter


class EEGConv(EEGAdapter):
    """Tokens are patches of time on the grid (1, patches); pooled is their mean.

    Args:
        key: the entry to read.
        channels: C.
        rate_hz: samples a second.
        filters: temporal filters, each about half a second long, so that they resolve frequencies from 2 Hz.
        depth: spatial filters (weights over the electrodes) for each temporal one.
        width: D of tokens and pooled.
        patch_s: length of a patch in seconds.
        dropout: share of values dropped after each stage in training.
        unit_uv: microvolts that the network sees as 1.
    """

    def __init__(
        self,
        key: str = "eeg",
        channels: int = EXAMPLE_CHANNELS,
        rate_hz: float = EXAMPLE_RATE_HZ,
        filters: int = 8,
        depth: int = 2,
        width: int = 64,
        patch_s: float = 0.16,
        dropout: float = 0.25,
        unit_uv: float = 100.0,
    ) -> None:
        super().__init__(key, channels, rate_hz, unit_uv)
        self.stride = max(1, round(patch_s * rate_hz / 4))
        self.patch = 4 * self.stride
        if min(filters, depth, width) < 1 or not patch_s > 0:
            raise ConfigError("filters, depth, width and patch_s: expected numbers above 0")
        inner, kernel = filters * depth, 2 * round(rate_hz / 4) + 1
        self.temporal = nn.Sequential(
            nn.Conv2d(1, filters, (1, kernel), padding=(0, kernel // 2), bias=False), nn.BatchNorm2d(filters)
        )
        self.spatial = nn.Sequential(
            nn.Conv2d(filters, inner, (channels, 1), groups=filters, bias=False),
            nn.BatchNorm2d(inner),
            nn.ELU(),
            nn.AvgPool2d((1, self.stride)),
            nn.Dropout(dropout),
        )
        self.patches = nn.Sequential(
            nn.Conv2d(inner, inner, (1, 17), padding=(0, 8), groups=inner, bias=False),
            nn.Conv2d(inner, width, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ELU(),
            nn.AvgPool2d((1, 4)),
            nn.Dropout(dropout),
        )
        self.layer_widths, self.token_width, self.width = (inner, width), width, width

    def forward(self, batch: Batch, need: Need) -> Embedding:
        signal = self.signal(batch, least=self.patch).unsqueeze(1)  # [B, 1, C, T]
        spatial = self.spatial(self.temporal(signal))  # [B, filters * depth, 1, T / stride]
        last = self._tokens(self.patches(spatial), self.patch)
        return Embedding(
            pooled=last.x.mean(1) if need.pooled else None,
            tokens=last if need.tokens else None,
            layers=(self._tokens(spatial, self.stride), last) if need.layers else (),
        )

    def _tokens(self, image: Tensor, samples: int) -> Tokens:
        """[B, D, 1, N], `samples` a patch; those that are left at the end belong to no patch."""
        count = image.shape[-1]
        return self.in_time(image.squeeze(2).transpose(1, 2), (torch.arange(count) + 0.5) * samples)
