"""The transformer that our text models share: pre-norm blocks in plain torch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xmodal.errors import ConfigError
from xmodal.modalities.blocks import Block


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
            block = self.blocks[number]
            assert isinstance(block, Block)
            x = block.masked(x, mask)
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
