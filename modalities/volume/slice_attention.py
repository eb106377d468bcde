"""The slices of one scan attend to those of another, or to each other where the other scan is missing."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError
from xmodal.modalities.volume.base import VolumeAdapter
from xmodal.modalities.volume.cross_modal_attention import CrossModalAttention
from xmodal.modalities.volume.slice_encoder import SliceEncoder


class SliceAttention(VolumeAdapter):
    """Teacher and student of PET-free amyloid: one architecture, that asks with PET or, without it, with the MRI.

    Chiumento et al., PET-guided MRI amyloid detection, arXiv 2604.12574. Evidence: exact (projection, attention,
    pooling, their dropouts, two instances of the attention); ours (any encoder of slices in place of BiomedCLIP with
    LoRA, the task's own head).

    With two entries the pooled vector is cross(query=E_query, key=E_key), with one it is self(E_key, E_key). Both
    scans pass the same encoder and projection; weights of a model with two entries fit a model with one by name.
    Tokens are the slices of `key`. Where tokens are needed, a model with two entries gives two parts: "query", pooled
    self(E_query, E_query), and "negative", the same with slices that carry no gradient, as the source encodes the
    scans that it pushes away.

    Args:
        encoder: reads the entry `key` alone and gives tokens: slices (`SliceEncoder`), or other places of the scan.
        query, key: the entries that ask and that answer; the same one for a student.
        width: D of the projected slices and of the pooled vector; the projection is 2 D wide inside.
        heads: of the attention.
        dropout: after the first and the second layer of the projection; the source's teacher has 0.5 and 0.4, its
            student 0.3 and 0.2.
        attention_dropout: of the attention weights.
    """

    def __init__(
        self,
        encoder: Adapter | None = None,
        *,
        query: str = "volume",
        key: str = "volume",
        width: int = 128,
        heads: int = 4,
        dropout: tuple[float, float] = (0.5, 0.4),
        attention_dropout: float = 0.1,
    ) -> None:
        super().__init__(key)
        encoder = SliceEncoder(None, key=key, plane="sagittal", every=4) if encoder is None else encoder
        if encoder.inputs != (key,) or not encoder.token_width:
            raise ConfigError(f"encoder: expected one with tokens that reads {key!r}, found {encoder.inputs}")
        self.encoder, self.query = encoder, query
        self.inputs = tuple(dict.fromkeys((query, key)))
        self.width = self.token_width = width
        self.project = nn.Sequential(
            nn.Linear(encoder.token_width, 2 * width),
            nn.LayerNorm(2 * width),
            nn.GELU(),
            nn.Dropout(dropout[0]),
            nn.Linear(2 * width, width),
            nn.LayerNorm(width),
            nn.Dropout(dropout[1]),
        )
        self.self_attn = CrossModalAttention(width, heads, attention_dropout)
        self.cross_attn = CrossModalAttention(width, heads, attention_dropout) if query != key else None

    def forward(self, batch: Batch, need: Need) -> Embedding:
        own = self._slices(batch, self.key)
        tokens = own if need.tokens else None
        if self.cross_attn is None:
            return Embedding(pooled=self.self_attn(own.x, own.x) if need.pooled else None, tokens=tokens)
        asks = self._slices(batch, self.query)
        pooled = self.cross_attn(asks.x, own.x) if need.pooled else None
        return Embedding(pooled=pooled, tokens=tokens, parts=self._alone(asks.x) if need.tokens else {})

    def _alone(self, asks: Tensor) -> dict[str, Embedding]:
        still = asks.detach()
        return {
            "query": Embedding(pooled=self.self_attn(asks, asks)),
            "negative": Embedding(pooled=self.self_attn(still, still)),
        }

    def _slices(self, batch: Batch, entry: str) -> Tokens:
        """The projected slices of an entry: the encoder, which knows one entry only, is shown it under that name."""
        shown = batch.only((entry,))
        shown = replace(shown, entries={self.key: shown[entry]}, present={})
        tokens: Tokens = self.encoder(shown, Need(tokens=True)).need_tokens("encoder")
        return replace(tokens, x=self.project(tokens.x), key=entry)
