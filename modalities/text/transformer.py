"""What our own text models share: embedded ids through a stack of blocks that can be entered from above."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xmodal.adapter import Need
from xmodal.bus import Embedding
from xmodal.data.batch import Batch
from xmodal.modalities.text.base import Ids, TextAdapter
from xmodal.modalities.text.blocks import Stack, init_small
from xmodal.modalities.text.tokenizers import make_tokenizer


class Transformer(TextAdapter):
    """Base of the transformers over token ids; a subclass says what the states become.

    Args:
        key: the entry to read.
        tokenizer: "bytes" or "clip".
        width: D of tokens and of the pooled vector.
        depth, heads, mlp_ratio, dropout: of the blocks.
        context: the most ids of one text.
        causal: a token sees itself and those before it only.
    """

    def __init__(
        self,
        key: str,
        tokenizer: str,
        width: int,
        depth: int,
        heads: int,
        context: int,
        mlp_ratio: float,
        dropout: float,
        *,
        causal: bool,
    ) -> None:
        super().__init__(key, make_tokenizer(tokenizer), context)
        self.width = self.token_width = width
        self.layer_widths = (width,) * depth
        self.token = nn.Embedding(self.tokenizer.size, width)
        self.place = nn.Embedding(context, width)
        self.stack = Stack(width, depth, heads, mlp_ratio=mlp_ratio, dropout=dropout, causal=causal)
        init_small(self)

    def forward(self, batch: Batch, need: Need) -> Embedding:
        ids = self.ids(batch)
        return self._embedding(self.stack(self._embedded(ids), ids.valid), ids.valid, need)

    def upper(self, batch: Batch, tokens: Tensor, valid: Tensor | None, layer: int, rows: Tensor | None) -> Embedding:
        """As the base class says. N is free: the places of the tokens went in below the first block."""
        keep = tokens.new_ones(tokens.shape[:2], dtype=torch.bool) if valid is None else valid
        return self._embedding(self.stack(tokens, keep, layer), keep, Need(pooled=True, tokens=True))

    def _embedded(self, ids: Ids) -> Tensor:
        places = torch.arange(ids.values.shape[1], device=ids.values.device)
        embedded: Tensor = self.token(ids.values) + self.place(places)
        return embedded

    def _embedding(self, states: list[Tensor], valid: Tensor, need: Need) -> Embedding:
        """What the states [B, N, D] after each block mean."""
        raise NotImplementedError
