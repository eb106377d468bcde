"""Modules between a student and one of its teachers: a perceptron, a ladder over all layers, a light convolution.

AM-RADIO, arXiv 2312.06709 (perceptron); UNIC, ECCV 2024, authors' code (ladder); Theia, CoRL 2024 (convolution).
Evidence: recalled (perceptron); exact (that the ladder is a sum of perceptrons over all blocks, and its hidden widths);
described (that Theia has one light convolution a teacher). Bringing layers of different grids together and the layout
of the light convolution are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.bus import Tokens

POOL: Mapping[int, Callable[..., Tensor]] = {
    1: F.adaptive_avg_pool1d,
    2: F.adaptive_avg_pool2d,
    3: F.adaptive_avg_pool3d,
}
CONV = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}


def perceptron(width: int, hidden: int, out: int) -> nn.Sequential:
    """Linear, GELU, Linear."""
    return nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, out))


class Ladder(nn.Module):
    """The sum over all hidden layers b of MLP_b(x_b).

    Args:
        widths: of the layers, in depth order.
        out: the teacher's width.
        hidden: of every perceptron but the last; last: of that one. The source's are once and four times ViT-B's
            width of 768.
    """

    def __init__(self, widths: Sequence[int], out: int, *, hidden: int, last: int) -> None:
        super().__init__()
        if not widths:
            raise ValueError("a ladder needs a student with hidden layers, found none")
        sizes = [hidden] * (len(widths) - 1) + [last]
        self.rungs = nn.ModuleList(perceptron(w, h, out) for w, h in zip(widths, sizes, strict=True))

    def forward(self, layers: Sequence[Tensor]) -> Tensor:
        """[B, ..., out] of the layers' features [B, ..., D_b]."""
        if len(layers) != len(self.rungs):
            raise ValueError(f"expected {len(self.rungs)} hidden layers, found {len(layers)}")
        return torch.stack([rung(x) for rung, x in zip(self.rungs, layers, strict=True)]).sum(0)


class LightConvolution(nn.Module):
    """Tokens on a grid through a layer norm, a 3-wide convolution, GELU and a linear map, to the teacher's width."""

    def __init__(self, width: int, hidden: int, out: int, *, dims: int) -> None:
        super().__init__()
        if dims not in CONV:
            raise ValueError(f"dims: expected 1, 2 or 3, found {dims}")
        self.dims = dims
        self.norm = nn.LayerNorm(width)
        self.conv = CONV[dims](width, hidden, 3, padding=1)
        self.out = nn.Linear(hidden, out)

    def forward(self, tokens: Tokens) -> Tensor:
        """[B, N, out]."""
        if tokens.grid is None or len(tokens.grid) != self.dims:
            raise ValueError(f"expected tokens on a grid of {self.dims} sides, found grid {tokens.grid}")
        mixed = self.conv(as_map(self.norm(tokens.x), tokens.grid))
        out: Tensor = self.out(F.gelu(mixed).flatten(2).transpose(1, 2))
        return out


def as_map(x: Tensor, grid: Sequence[int]) -> Tensor:
    """[B, N, D] -> [B, D, *grid]."""
    return x.transpose(1, 2).reshape(len(x), x.shape[2], *grid)


def at_tokens(layer: Tokens, tokens: Tokens) -> Tensor:
    """[B, N, D]: a layer's features at the places of other tokens of the same model: means over cells, or repeated.

    Raises:
        ValueError: the two are neither of one number nor on grids with as many sides.
    """
    if layer.grid == tokens.grid and layer.x.shape[1] == tokens.x.shape[1]:
        return layer.x
    if layer.grid is None or tokens.grid is None or len(layer.grid) != len(tokens.grid) or len(layer.grid) not in POOL:
        raise ValueError(f"a layer with grid {layer.grid} has no place in tokens with grid {tokens.grid}")
    return POOL[len(layer.grid)](as_map(layer.x, layer.grid), tokens.grid).flatten(2).transpose(1, 2)
