"""An EEG student that is as wide as its teacher where it mimics it, and small where it decides.

The "project-then-compress" student of DLink, arXiv 2604.15016: re-implementation from the description (the abstracts);
sizes and layers are ours.
"""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor, nn

from xmodal.adapter import Need
from xmodal.bus import Embedding
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError
from xmodal.modalities.eeg.base import EEGAdapter
from xmodal.modalities.eeg.eeg_conv import EEGConv


class ProjectCompress(EEGAdapter):
    """The tokens of an EEG adapter, projected to a teacher's width, then compressed into a short pooled vector.

    Tokens are the projected ones. The compression is one depthwise convolution over the electrodes, then a strided one
    over the patches, whose places are averaged. Layers are those of the inner adapter.

    Args:
        adapter: any EEG adapter with tokens on a grid (rows, patches); EEGConv if None.
        token_width: D of the tokens: the width of the teacher's.
        width: D of the pooled vector.
        rows: of the inner adapter's grid: its electrodes, or 1 where it merges them.
        kernel, stride: in patches, of the convolution in time.
        dropout: before it, in training.
    """

    def __init__(
        self,
        adapter: EEGAdapter | None = None,
        token_width: int = 64,
        width: int = 32,
        rows: int = 1,
        kernel: int = 3,
        stride: int = 2,
        dropout: float = 0.1,
    ) -> None:
        adapter = EEGConv() if adapter is None else adapter
        super().__init__(adapter.key, adapter.channels, adapter.rate_hz, adapter.unit_uv)
        if not adapter.token_width or min(token_width, width, rows, kernel, stride) < 1:
            raise ConfigError("expected an adapter with tokens, and widths, rows, kernel and stride of at least 1")
        self.adapter, self.rows = adapter, rows
        self.project = nn.Linear(adapter.token_width, token_width)
        self.spatial = nn.Conv2d(token_width, token_width, (rows, 1), groups=token_width)
        self.temporal = nn.Conv1d(token_width, width, kernel, stride, padding=kernel // 2)
        self.norm, self.act, self.drop = nn.LayerNorm(token_width), nn.GELU(), nn.Dropout(dropout)
        self.width, self.token_width, self.layer_widths = width, token_width, adapter.layer_widths

    def forward(self, batch: Batch, need: Need) -> Embedding:
        seen = self.adapter(batch, Need(tokens=True, layers=need.layers))
        own = seen.need_tokens(type(self.adapter).__name__)
        if own.grid is None or len(own.grid) != 2 or own.grid[0] != self.rows:
            raise ValueError(f"expected tokens on a grid ({self.rows}, patches), found {own.grid}")
        tokens = replace(own, x=self.project(own.x))  # [B, rows * patches, D]
        return Embedding(
            pooled=self._compressed(tokens.x) if need.pooled else None,
            tokens=tokens if need.tokens else None,
            layers=seen.layers,
        )

    def _compressed(self, x: Tensor) -> Tensor:
        image = self.norm(x).transpose(1, 2).unflatten(2, (self.rows, -1))  # [B, D, rows, patches]
        merged = self.drop(self.act(self.spatial(image))).squeeze(2)
        pooled: Tensor = self.act(self.temporal(merged)).mean(2)
        return pooled
