"""A loss applied to the first channels of embeddings, for several numbers of channels, so that each prefix is usable.

Kusupati et al.: Matryoshka Representation Learning, NeurIPS 2022 (code RAIVNLab/MRL); the weights by width are those of
F2LLM-v2, arXiv 2603.19223 (code codefuse-ai/CodeFuse-Embeddings). Evidence: exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Literal

from torch import Tensor, nn

from xmodal.losses._checks import check_known

Weights = Literal["mrl", "f2llm"]


def doubling_widths(width: int, *, smallest: int = 8) -> tuple[int, ...]:
    """smallest, twice that, ... below `width`, then `width` itself: the prefixes of both sources.

    Raises:
        ValueError: a smallest below 1 or above `width`.
    """
    if not 1 <= smallest <= width:
        raise ValueError(f"expected 1 <= smallest <= width, found smallest {smallest} and width {width}")
    widths = []
    while smallest < width:
        widths.append(smallest)
        smallest *= 2
    return (*widths, width)


def prefix_weights(widths: Sequence[int], *, weights: Weights | Sequence[float] = "mrl") -> tuple[float, ...]:
    """One weight for each width.

    Args:
        widths: numbers of channels, in any order.
        weights: "mrl": 1 each. "f2llm": 1 / (n sqrt(d / width)) for the n-th largest width, d the largest of all, so
            that short prefixes count less. Or the numbers themselves.

    Raises:
        ValueError: unknown weights, or another number of them than widths.
    """
    if isinstance(weights, str):
        check_known("weights", weights, ("mrl", "f2llm"))
        if weights == "mrl":
            return (1.0,) * len(widths)
        falling = sorted(widths, reverse=True)
        return tuple(1 / ((falling.index(width) + 1) * sqrt(falling[0] / width)) for width in widths)
    if len(weights) != len(widths):
        raise ValueError(f"expected a weight for each of {len(widths)} widths, found {len(weights)}")
    return tuple(weights)


class Matryoshka(nn.Module):
    """sum over widths m of weight_m loss(x[..., :m], y[..., :m], ...). The sum is not divided by the weights.

    Zero when the loss is zero at every prefix. A loss that normalises its inputs does so after the cut, as the second
    source has it.

    Args:
        loss: called with the prefixes; a module's parameters belong to this one too. What is not cut (labels, a head
            for each width) is bound to it by the caller, who finds the width in the shape of what comes.
        widths: numbers of channels, each once, such as `doubling_widths(256)`.
        weights: as in `prefix_weights`.

    Raises:
        ValueError: no width, one below 1 or twice, or weights that do not fit.
    """

    def __init__(
        self,
        loss: Callable[..., Tensor],
        *,
        widths: Sequence[int],
        weights: Weights | Sequence[float] = "mrl",
    ) -> None:
        super().__init__()
        if not widths or min(widths) < 1 or len(set(widths)) < len(widths):
            raise ValueError(f"expected widths >= 1, each once, found {list(widths)}")
        self.loss = loss
        self.widths = tuple(widths)
        self.weights = prefix_weights(widths, weights=weights)

    def forward(self, *embeddings: Tensor, mask: Tensor | None = None) -> Tensor:
        """The sum, of the shape that the loss returns.

        Args:
            embeddings: [..., D] each with D >= the largest width; D may differ between them.
            mask: handed to the loss as it is; None is not handed on.

        Raises:
            ValueError: no embedding, or one narrower than the largest width.
        """
        narrow = [list(x.shape) for x in embeddings if x.shape[-1] < max(self.widths)]
        if narrow or not embeddings:
            raise ValueError(f"expected embeddings [..., D] with D >= {max(self.widths)}, found {narrow or 'none'}")
        terms = []
        for width, weight in zip(self.widths, self.weights, strict=True):
            prefixes = [x[..., :width] for x in embeddings]
            value = self.loss(*prefixes) if mask is None else self.loss(*prefixes, mask=mask)
            terms.append(weight * value)
        return sum(terms[1:], start=terms[0])
