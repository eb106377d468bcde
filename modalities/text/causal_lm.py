"""A small causal language model in plain torch, whose upper part other models' tokens can be run through."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.adapter import Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError
from xmodal.modalities.text.base import Ids, TextAdapter
from xmodal.modalities.text.blocks import Stack, init_small
from xmodal.modalities.text.tokenizers import make_tokenizer

NEXT_TOKEN = "next_token"


class CausalLM(TextAdapter):
    """A transformer in which each token sees itself and those before it (3.3 M parameters by default).

    The pooled vector is the state of each text's last token. `outputs["next_token"]` [B, N, V], where asked for, holds
    at place i the logits of the id at place i + 1; they share their weights with the embedding of the ids.

    Args:
        key: the entry to read.
        tokenizer: "bytes" or "clip".
        width: D of tokens and of the pooled vector.
        depth, heads, mlp_ratio, dropout: of the blocks.
        context: the most ids of one text.
        next_token: compute the logits; V is large for "clip", so they cost more than all else.
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
        next_token: bool = False,
    ) -> None:
        super().__init__(key, make_tokenizer(tokenizer), context)
        self.next_token = next_token
        self.width = self.token_width = width
        self.layer_widths = (width,) * depth
        self.token = nn.Embedding(self.tokenizer.size, width)
        self.place = nn.Embedding(context, width)
        self.stack = Stack(width, depth, heads, mlp_ratio=mlp_ratio, dropout=dropout, causal=True)
        init_small(self)

    def forward(self, batch: Batch, need: Need) -> Embedding:
        ids = self.ids(batch)
        return self._embedding(self.stack(self._embedded(ids), ids.valid), ids.valid, need)

    def upper(self, batch: Batch, tokens: Tensor, valid: Tensor | None, layer: int, rows: Tensor | None) -> Embedding:
        """As the base class says. N is free: the places of the tokens went in below the first block."""
        keep = tokens.new_ones(tokens.shape[:2], dtype=torch.bool) if valid is None else valid
        return self._embedding(self.stack(tokens, keep, layer), keep, Need(pooled=True, tokens=True))

    def after(self, prefix: Tensor, valid: Tensor | None, batch: Batch, rows: Tensor | None, need: Need) -> Embedding:
        """The model over the batch's text with a prefix before it, such as the tokens of an image.

        Args:
            prefix: [b, P, D], in the place of embedded ids; the text keeps its own places.
            valid: [b, P] bool or None.
            rows: [b] the samples of the batch that the prefix belongs to; None for all.

        Returns:
            tokens, layers and next-token logits of the N places of the text only.
        """
        if prefix.shape[-1] != self.width:
            raise ConfigError(f"expected a prefix of width {self.width}, found {prefix.shape[-1]}")
        ids = self.ids(batch if rows is None else batch.rows(rows))
        keep = prefix.new_ones(prefix.shape[:2], dtype=torch.bool) if valid is None else valid
        x = torch.cat([prefix, self._embedded(ids)], dim=1)  # [b, P + N, D]
        states = self.stack(x, torch.cat([keep, ids.valid], dim=1))
        return self._embedding([state[:, prefix.shape[1] :] for state in states], ids.valid, need)

    def _embedded(self, ids: Ids) -> Tensor:
        places = torch.arange(ids.values.shape[1], device=ids.values.device)
        embedded: Tensor = self.token(ids.values) + self.place(places)
        return embedded

    def _embedding(self, states: list[Tensor], valid: Tensor, need: Need) -> Embedding:
        x = states[-1]
        final = last_place(valid)
        return Embedding(
            pooled=x[torch.arange(len(x), device=x.device), final] if need.pooled else None,
            tokens=Tokens(x, valid=valid, key=self.key) if need.tokens else None,
            layers=tuple(Tokens(s, valid=valid, key=self.key) for s in states) if need.layers else (),
            outputs={NEXT_TOKEN: x @ self.token.weight.T} if self.next_token else {},
        )


def last_place(valid: Tensor) -> Tensor:
    """valid [B, N] bool -> [B]: the last place that counts, 0 where none does."""
    return (torch.arange(valid.shape[1], device=valid.device) * valid).amax(1)


def next_token_loss(logits: Tensor, ids: Ids) -> Tensor:
    """Cross-entropy of each id given those before it: what a language model is trained with.

    Args:
        logits: [B, N, V]; place i foretells the id at place i + 1.
        ids: of the same N places.

    Returns:
        [B] in nats: the mean over the ids foretold, 0 for a text with fewer than two.
    """
    if logits.shape[:2] != ids.values.shape:
        raise ValueError(f"expected logits [B, N] = {list(ids.values.shape)}, found {list(logits.shape[:2])}")
    counts = ids.valid[:, 1:] & ids.valid[:, :-1]
    lifted = logits if logits.dtype == torch.float64 else logits.float()
    each = F.cross_entropy(lifted[:, :-1].transpose(1, 2), ids.values[:, 1:], reduction="none")  # [B, N - 1]
    return (each * counts).sum(1) / counts.sum(1).clamp_min(1)
