"""One vector for tokens of which some do not count."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Pool(nn.Module):
    """One learned question to the tokens that count: [B, N, D] -> [B, D]."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.question = nn.Parameter(0.02 * torch.randn(1, 1, width))
        self.norm = nn.LayerNorm(width)
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x: Tensor, valid: Tensor) -> Tensor:
        """x [B, N, D], valid [B, N] bool, at least one token of a sample counts -> [B, D]."""
        x = self.norm(x)
        question = self.question.expand(len(x), -1, -1).to(x.dtype)
        q, k, v = (self._split(part) for part in (self.query(question), self.key(x), self.value(x)))
        answer = F.scaled_dot_product_attention(q, k, v, attn_mask=valid[:, None, None, :])
        out: Tensor = self.out(answer.transpose(1, 2).flatten(2)).squeeze(1)
        return out

    def _split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)  # [B, heads, N, D / heads]
