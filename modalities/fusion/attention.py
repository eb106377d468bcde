"""Attention over tokens of which some do not count."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class CrossBlock(nn.Module):
    """Every token looks at all that count, then thinks for itself: a pre-norm transformer block.

    Args:
        width: D; heads: divides it.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.look = _Attention(width, heads)
        self.norm = nn.LayerNorm(width)
        self.think = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: Tensor, valid: Tensor) -> Tensor:
        """x [B, N, D], valid [B, N] bool -> [B, N, D]."""
        seen = self.norm(x)
        x = x + self.look(seen, seen, valid)
        out: Tensor = x + self.think(x)
        return out


class Pool(nn.Module):
    """One learned question to the tokens that count: [B, N, D] -> [B, D]."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.question = nn.Parameter(0.02 * torch.randn(1, 1, width))
        self.norm = nn.LayerNorm(width)
        self.look = _Attention(width, heads)

    def forward(self, x: Tensor, valid: Tensor) -> Tensor:
        seen = self.norm(x)
        out: Tensor = self.look(self.question.expand(len(x), -1, -1).to(seen.dtype), seen, valid).squeeze(1)
        return out


class _Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))

    def forward(self, asking: Tensor, x: Tensor, valid: Tensor) -> Tensor:
        """asking [B, M, D] look at x [B, N, D] where valid [B, N]; at least one token of a sample counts."""
        q, k, v = (self._split(layer(t)) for layer, t in ((self.query, asking), (self.key, x), (self.value, x)))
        answer = F.scaled_dot_product_attention(q, k, v, attn_mask=valid[:, None, None, :])
        out: Tensor = self.out(answer.transpose(1, 2).flatten(2))
        return out

    def _split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)  # [B, heads, N, D / heads]
