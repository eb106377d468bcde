"""A student with a gated second stream for what it is told in training only; at test a learned null token is there."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError
from xmodal.modalities.fusion.adapter import _part, _tokens, _width


class PrivilegedStream(Adapter):
    """h' = h + g * Attn(h, PI), g = sigmoid(W [h; Attn]): own tokens h look at the tokens PI of a privileged entry.

    In training PI is one learned null token where the sample lacks the entry and, with a probability, where it has it
    (privileged dropout); outside of training it is that same token always, so that the model has met its test state.

    The student of PRIDE, arXiv 2606.23124: gated fusion, privileged dropout and the null state are its description;
    this is a re-implementation from the description, and the equation and the dropout of whole samples are ours.
    Evidence: described; ours (equation).

    The change of the pooled vector is the mean of the tokens' changes. Layers are those of `own`.

    Args:
        own: reads what is there at test time.
        extra: reads what is there in training only; never run outside of it.
        heads: of the attention; divides the width of own's tokens.
        drop: the chance that PI is the null token although the sample has the entry.
    """

    modality = "fusion"

    def __init__(
        self, own: Adapter | None = None, extra: Adapter | None = None, heads: int = 4, drop: float = 0.5
    ) -> None:
        super().__init__()
        self.own, self.extra = own or _default("own"), extra or _default("extra")
        width = _width(self.own)
        if set(self.own.inputs) & set(self.extra.inputs):
            raise ConfigError(f"extra: expected entries that own does not read, found {self.extra.inputs}")
        if heads < 1 or width % heads:
            raise ConfigError(f"heads: expected a divisor of the width {width}, found {heads}")
        if not 0 <= drop <= 1:
            raise ConfigError(f"drop: expected a chance from 0 to 1, found {drop}")
        if self.own.token_width and self.own.width != self.own.token_width:
            raise ConfigError(f"own: pooled has width {self.own.width}, its tokens have {self.own.token_width}")
        self.inputs, self.privileged, self.drop = self.own.inputs, self.extra.inputs, drop
        self.width, self.token_width, self.layer_widths = width, self.own.token_width, self.own.layer_widths
        self.project = nn.Linear(_width(self.extra), width)
        self.null = nn.Parameter(0.02 * torch.randn(1, 1, width))
        self.attend = nn.MultiheadAttention(width, heads, batch_first=True)
        self.gate = nn.Linear(2 * width, width)

    def forward(self, batch: Batch, need: Need) -> Embedding:
        own: Embedding = self.own(batch, need | Need(pooled=True, tokens=self.token_width > 0))
        h, valid = _tokens(own)
        told, counts = self._told(batch)
        found, _ = self.attend(h, told, told, key_padding_mask=~counts, need_weights=False)
        change = torch.sigmoid(self.gate(torch.cat([h, found], -1))) * found  # [B, N, D]
        kept = valid.unsqueeze(-1).to(change.dtype)
        mean = (change * kept).sum(1) / kept.sum(1).clamp_min(1)
        tokens = own.tokens if own.tokens is None else replace(own.tokens, x=h + change)
        return replace(own, pooled=own.need_pooled("own") + mean, tokens=tokens if need.tokens else None)

    def _told(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """PI [B, K, D] and which of it counts [B, K]; the null token stands first."""
        shown = self._shown(batch)
        null = self.null.expand(len(batch), -1, -1)
        embedding = _part(self.extra, batch, shown) if shown.any() else None
        if embedding is None:
            return null, ~shown.unsqueeze(1)
        x, valid = _tokens(embedding)
        x, valid = self.project(x), valid & shown.unsqueeze(1)
        counts = torch.cat([~valid.any(1, keepdim=True), valid], 1)
        return torch.cat([null.to(x.dtype), x], 1), counts

    def _shown(self, batch: Batch) -> Tensor:
        """[B] bool: the samples whose privileged entry is looked at."""
        has = batch.has(self.privileged)
        if not self.training:
            return torch.zeros_like(has)
        return has & (torch.rand(len(has), device=has.device) >= self.drop)

    @staticmethod
    def example(batch_size: int) -> Batch:
        """An image, and a cloud that is there in training only."""
        own, extra = (_default(name).example(batch_size) for name in ("own", "extra"))
        return replace(own, entries={**own.entries, **extra.entries})


def _default(name: str) -> Adapter:
    from xmodal.modalities.image import TimmImage
    from xmodal.modalities.lidar import PointNet

    return TimmImage("test_resnet") if name == "own" else PointNet(widths=(32, 64), width=64)
