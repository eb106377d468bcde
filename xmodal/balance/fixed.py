"""Fixed weights: the sum of weight times mean of each term.

The plain weighted sum. Evidence: ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import torch
from torch import Tensor

from xmodal.balance.base import Balance, add, lifted
from xmodal.bus import Frame


class FixedWeights(Balance):
    """sum over terms of weight x mean(term): nothing is learned; a weight may follow a schedule."""

    def supervised(self) -> FixedWeights:
        return FixedWeights(self.task_weights())

    def forward(self, terms: Mapping[str, Tensor], frame: Frame) -> Tensor:
        self.check(terms)
        values = [lifted(term) for term in terms.values()]
        if len({(value.shape, value.dtype) for value in values}) > 1 or values[0].ndim != 1:
            return add(self.means(terms, frame).values())
        # One product instead of a mean and a factor for each term: calls are what a small net's step consists of.
        weights = tuple(self.weight_of(name, frame.progress) for name in terms)
        joined = torch.cat(values)
        return torch.dot(joined, _shares(weights, len(values[0]), joined.dtype, joined.device))


@lru_cache(maxsize=64)
def _shares(weights: tuple[float, ...], count: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """[K x B]: what each value of each term adds to the sum of weight x mean."""
    with torch.inference_mode(False):  # else it could not be kept for a gradient
        return (torch.tensor(weights, dtype=dtype, device=device) / count).repeat_interleave(count)
