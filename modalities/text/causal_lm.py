"""A small causal language model in plain torch, whose upper part other models' tokens can be run through."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.adapter import Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError
from xmodal.modalities.text.base import Ids
from xmodal.modalities.text.transformer import Transformer

NEXT_TOKEN = "next_token"


class CausalLM(Transformer):
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
        super().__init__(key, tokenizer, width, depth, heads, context, mlp_ratio, dropout, causal=True)
        self.next_token = next_token

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
