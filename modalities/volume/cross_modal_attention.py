"""Slices of one scan ask those of another, and the answers are pooled by learned weights.

Chiumento et al., PET-guided MRI amyloid detection, arXiv 2604.12574, class CrossModalAttention of the authors'
training/train_main.py. Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.errors import ConfigError

POOL_TEMPERATURE = 2.0  # a constant in the source


class CrossModalAttention(nn.Module):
    """h = LN(MHA(query, key, key) + query); w = softmax over slices of (Linear(h) / 2); the sum of w h.

    With `query` and `key` the same tokens it is self-attention.

    Args:
        width: D.
        heads: 4 in the source; must divide the width.
        dropout: of the attention weights.
    """

    def __init__(self, width: int, heads: int = 4, dropout: float = 0.1) -> None:
        super().__init__()
        if heads < 1 or width % heads:
            raise ConfigError(f"heads: expected a divisor of the width {width}, found {heads}")
        self.attn = nn.MultiheadAttention(width, heads, dropout=dropout, batch_first=True)
        self.norm = nn.LayerNorm(width)
        self.pool = nn.Linear(width, 1)

    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        """query [B, S, D], key [B, K, D] -> [B, D]."""
        answer, _ = self.attn(query, key, key, need_weights=False)
        h = self.norm(answer + query)  # [B, S, D]
        weight = (self.pool(h) / POOL_TEMPERATURE).softmax(1)
        pooled: Tensor = (weight * h).sum(1)
        return pooled
