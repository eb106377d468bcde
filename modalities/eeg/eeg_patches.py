"""A small transformer over patches of each electrode: every token is one electrode for one stretch of time.

Patches are embedded by their amplitude spectrum, one of the two embeddings of CBraMod (Wang et al., ICLR 2025); the
attention is plain, over all patches of all electrodes. Phases inside a patch are therefore not seen.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xmodal.adapter import Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError
from xmodal.modalities.blocks import Block, sine_positions
from xmodal.modalities.eeg.base import EXAMPLE_CHANNELS, EXAMPLE_RATE_HZ, EEGAdapter


class EEGPatches(EEGAdapter):
    """Tokens on the grid (channels, patches); all hidden layers share it. Pooled is the mean of the last tokens.

    Args:
        key: the entry to read.
        channels: C.
        rate_hz: samples a second.
        width: D of tokens, layers and pooled; even.
        depth, heads, mlp_ratio, dropout: of the blocks.
        patch_s: length of a patch in seconds; its spectrum resolves 1 / patch_s.
        step_s: from the start of one patch to that of the next. What is left at the end is not seen.
        unit_uv: microvolts that the network sees as 1.
    """

    def __init__(
        self,
        key: str = "eeg",
        channels: int = EXAMPLE_CHANNELS,
        rate_hz: float = EXAMPLE_RATE_HZ,
        width: int = 64,
        depth: int = 3,
        heads: int = 4,
        mlp_ratio: float = 2.0,
        dropout: float = 0.1,
        patch_s: float = 2.0,
        step_s: float = 0.5,
        unit_uv: float = 100.0,
    ) -> None:
        super().__init__(key, channels, rate_hz, unit_uv)
        self.patch, self.step = round(patch_s * rate_hz), round(step_s * rate_hz)
        if self.patch < 2 or self.step < 1 or depth < 1 or width % 2:
            found = f"{patch_s}, {step_s}, {depth} and {width}"
            raise ConfigError(f"expected patch_s, step_s and depth above 0 and an even width, found {found}")
        self.spectrum = nn.Linear(self.patch // 2 + 1, width)
        self.electrode = nn.Parameter(0.02 * torch.randn(channels, 1, width))
        self.drop = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(width, heads, mlp_ratio, dropout) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.width, self.token_width, self.layer_widths = width, width, (width,) * depth

    def forward(self, batch: Batch, need: Need) -> Embedding:
        x = self._embedded(self.signal(batch, least=self.patch))  # [B, C P, D]
        count, layers = x.shape[1] // self.channels, []
        for block in self.blocks:
            x = block(x)
            layers.append(self._tokens(x, count))
        last = self._tokens(self.norm(x), count)
        return Embedding(
            pooled=last.x.mean(1) if need.pooled else None,
            tokens=last if need.tokens else None,
            layers=tuple(layers) if need.layers else (),
        )

    def _embedded(self, signal: Tensor) -> Tensor:
        patches = signal.float().unfold(2, self.patch, self.step)  # [B, C, P, samples]
        amplitude = torch.fft.rfft(patches, norm="ortho").abs().log1p()
        time = torch.arange(patches.shape[2], device=signal.device)
        place = sine_positions(time, self.norm.weight.shape[0])
        x: Tensor = self.drop(self.spectrum(amplitude) + self.electrode + place)
        return x.flatten(1, 2)

    def _tokens(self, x: Tensor, count: int) -> Tokens:
        return self.in_time(x, torch.arange(count) * self.step + self.patch / 2, self.channels)
