"""A small text encoder in plain torch: every token sees the whole text."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xmodal.adapter import Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch
from xmodal.errors import unknown
from xmodal.modalities.text.base import TextAdapter
from xmodal.modalities.text.blocks import Stack, init_small
from xmodal.modalities.text.tokenizers import make_tokenizer

POOLS = ("mean", "first")


class TextEncoder(TextAdapter):
    """A transformer over token ids.

    Tokens are the states after the last block (start and end included); `layers` the state after each block, the last
    of them the tokens themselves.

    Args:
        key: the entry to read.
        tokenizer: "bytes" or "clip".
        width: D of tokens and of the pooled vector.
        depth, heads, mlp_ratio, dropout: of the blocks.
        context: the most ids of one text.
        pool: "mean" of the tokens that count, or "first": the start token, which stands for the whole text.
    """

    def __init__(
        self,
        key: str = "text",
        tokenizer: str = "bytes",
        width: int = 256,
        depth: int = 4,
        heads: int = 4,
        context: int = 256,
        mlp_ratio: float = 4.0,
        dropout: float = 0.0,
        pool: str = "mean",
    ) -> None:
        super().__init__(key, make_tokenizer(tokenizer), context)
        if pool not in POOLS:
            raise unknown("pool", pool, POOLS)
        self.pool = pool
        self.width = self.token_width = width
        self.layer_widths = (width,) * depth
        self.token = nn.Embedding(self.tokenizer.size, width)
        self.place = nn.Embedding(context, width)
        self.stack = Stack(width, depth, heads, mlp_ratio=mlp_ratio, dropout=dropout, causal=False)
        init_small(self)

    def forward(self, batch: Batch, need: Need) -> Embedding:
        ids = self.ids(batch)
        places = torch.arange(ids.values.shape[1], device=ids.values.device)
        states = self.stack(self.token(ids.values) + self.place(places), ids.valid)  # each [B, N, D]
        return self._embedding(states, ids.valid, need)

    def upper(self, batch: Batch, tokens: Tensor, valid: Tensor | None, layer: int, rows: Tensor | None) -> Embedding:
        """As the base class says. N is free: the places of the tokens went in below the first block."""
        keep = tokens.new_ones(tokens.shape[:2], dtype=torch.bool) if valid is None else valid
        return self._embedding(self.stack(tokens, keep, layer), keep, Need(pooled=True, tokens=True))

    def _embedding(self, states: list[Tensor], valid: Tensor, need: Need) -> Embedding:
        last = Tokens(states[-1], valid=valid, key=self.key)
        pooled = last.mean() if self.pool == "mean" else last.x[:, 0]
        return Embedding(
            pooled=pooled if need.pooled else None,
            tokens=last if need.tokens else None,
            layers=tuple(Tokens(x, valid=valid, key=self.key) for x in states) if need.layers else (),
        )
