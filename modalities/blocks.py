"""A transformer block for sets of unequal size, and positions written as sines."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from xmodal.errors import ConfigError


class Block(nn.Module):
    """Self-attention and a perceptron, each behind a layer norm and added to its input.

    Vaswani et al., 2017, with the norms first. Tokens that do not count are never attended to.

    Args:
        width: D in and out.
        heads: attention heads; must divide the width.
        mlp_ratio: hidden width of the perceptron over D.
        dropout: share of each branch that is dropped in training.
    """

    def __init__(self, width: int, heads: int = 4, mlp_ratio: float = 4.0, dropout: float = 0.0) -> None:
        super().__init__()
        if heads < 1 or width % heads:
            raise ConfigError(f"heads: expected a divisor of the width {width}, found {heads}")
        self.heads = heads
        self.norm_attention, self.norm_mlp = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
        hidden = int(width * mlp_ratio)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """x [B, N, D], valid [B, N] bool -> [B, N, D]."""
        if valid is None:
            return self.masked(x, None)
        # A sample without any token would divide by zero; what it attends to is never read.
        return self.masked(x, (valid | ~valid.any(1, keepdim=True))[:, None, None])

    def masked(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """x [B, N, D], mask bool (query sees key), broadcast to [B, heads, N, N] -> [B, N, D]."""
        x = x + self.dropout(self._attention(self.norm_attention(x), mask))
        out: Tensor = x + self.dropout(self.mlp(self.norm_mlp(x)))
        return out

    def _attention(self, x: Tensor, mask: Tensor | None) -> Tensor:
        batch, count, width = x.shape
        q, k, v = self.qkv(x).view(batch, count, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)  # [B, heads, N, D / heads]
        out: Tensor = self.project(mixed.transpose(1, 2).flatten(2))
        return out


def sine_positions(place: Tensor, width: int) -> Tensor:
    """[..., width] sines and cosines of the places [...], with wavelengths from 2 pi to 10,000 times that."""
    if width % 2:
        raise ConfigError(f"width: expected an even number, found {width}")
    rate = torch.exp(torch.arange(width // 2, device=place.device) * (-math.log(10_000.0) / (width // 2)))
    angle = place.float().unsqueeze(-1) * rate
    return torch.cat([angle.sin(), angle.cos()], dim=-1)
