"""The transformer that our text models share: pre-norm blocks in plain torch."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.errors import ConfigError


class Block(nn.Module):
    """Self-attention and a perceptron, each after a norm and around a residual.

    Args:
        width: D.
        heads: attention heads; they share the width.
        mlp_ratio: hidden width of the perceptron over D.
        dropout: share of each branch that is dropped in training.
    """

    def __init__(self, width: int, heads: int, mlp_ratio: float, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention, self.before_mlp = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.merge = nn.Linear(width, 3 * width), nn.Linear(width, width)
        hidden = int(width * mlp_ratio)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x [B, N, D], mask [B, 1, N, N] bool (query sees key) -> [B, N, D]."""
        x = x + self.dropout(self._attention(self.before_attention(x), mask))
        out: Tensor = x + self.dropout(self.mlp(self.before_mlp(x)))
        return out

    def _attention(self, x: Tensor, mask: Tensor) -> Tensor:
        batch, count, width = x.shape
        q, k, v = self.qkv(x).view(batch, count, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)  # [B, heads, N, D / heads]
        out: Tensor = self.merge(seen.transpose(1, 2).flatten(2))
        return out


class Stack(nn.Module):
    """Blocks in a row, a norm after the last; every state can be read, and entered again.

    Args:
        width, depth, heads, mlp_ratio, dropout: of the blocks.
        causal: a token sees itself and those before it only.
    """

    def __init__(self, width: int, depth: int, heads: int, *, mlp_ratio: float, dropout: float, causal: bool) -> None:
        super().__init__()
        if depth < 1 or heads < 1 or width % heads:
            found = f"depth={depth}, heads={heads}, width={width}"
            raise ConfigError(f"expected depth >= 1 and a width that the heads divide, found {found}")
        self.causal = causal
        self.blocks = nn.ModuleList(Block(width, heads, mlp_ratio, dropout) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, valid: Tensor, above: int | None = None) -> list[Tensor]:
        """The state [B, N, D] after each block above `above` (None: all), the last one normed; 0 where not valid.

        Args:
            x: [B, N, D] the state after block `above`; -1 means the last, so that nothing is left to do.
            valid: [B, N] bool.

        Raises:
            ValueError: a block that does not exist.
        """
        depth = len(self.blocks)
        if above is not None and not -1 <= above < depth:
            raise ValueError(f"expected a layer from -1 to {depth - 1}, found {above}")
        first = 0 if above is None else above % depth + 1
        if first == depth:
            return [x * valid.unsqueeze(-1)]
        mask, states = self._mask(valid), []
        for number in range(first, depth):
            x = self.blocks[number](x, mask)
            states.append((self.norm(x) if number == depth - 1 else x) * valid.unsqueeze(-1))
        return states

    def _mask(self, valid: Tensor) -> Tensor:
        count = valid.shape[1]
        mask = valid.unsqueeze(1).expand(-1, count, -1)
        if self.causal:
            mask = mask & torch.ones(count, count, dtype=torch.bool, device=valid.device).tril()
        # Every token sees itself: a row of the softmax without any key would be NaN.
        return (mask | torch.eye(count, dtype=torch.bool, device=valid.device)).unsqueeze(1)


def init_small(module: nn.Module) -> None:
    """Embeddings and projections of standard deviation 0.02, biases 0: the usual start of language models."""
    for part in module.modules():
        if isinstance(part, (nn.Linear, nn.Embedding)):
            nn.init.normal_(part.weight, std=0.02)
            if isinstance(part, nn.Linear):
                nn.init.zeros_(part.bias)
