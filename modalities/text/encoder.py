"""A small text encoder in plain torch: every token sees the whole text."""

from __future__ import annotations

from torch import Tensor

from xmodal.adapter import Need
from xmodal.bus import Embedding, Tokens
from xmodal.errors import unknown
from xmodal.modalities.text.transformer import Transformer

POOLS = ("mean", "first")


class TextEncoder(Transformer):
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
        super().__init__(key, tokenizer, width, depth, heads, context, mlp_ratio, dropout, causal=False)
        if pool not in POOLS:
            raise unknown("pool", pool, POOLS)
        self.pool = pool

    def _embedding(self, states: list[Tensor], valid: Tensor, need: Need) -> Embedding:
        last = Tokens(states[-1], valid=valid, key=self.key)
        pooled = last.mean() if self.pool == "mean" else last.x[:, 0]
        return Embedding(
            pooled=pooled if need.pooled else None,
            tokens=last if need.tokens else None,
            layers=tuple(Tokens(x, valid=valid, key=self.key) for x in states) if need.layers else (),
        )
