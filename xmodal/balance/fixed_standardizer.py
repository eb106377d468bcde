"""Theia's standardisation: mean and standard deviation of each channel, taken once before training.

Theia (CoRL 2024), authors' code. Its files call the standard deviation "var". Evidence: exact.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from xmodal.balance.standardizer import Standardizer, gather, squares


class FixedStandardizer(Standardizer):
    """(x - mean) / std with the statistics of `fit`; before it, x as it is.

    A channel that never varies becomes 0 (ours: the source would divide by zero).
    """

    mean: Tensor
    std: Tensor

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("std", torch.ones(width))

    def fit(self, samples: Iterable[Tensor]) -> None:
        mean, variance = gather((self.checked(x) for x in samples), squares)
        self.mean.copy_(mean)
        self.std.copy_(torch.where(variance > 0, variance.sqrt(), 1.0))

    def change(self, x: Tensor, progress: float) -> Tensor:
        return (x - self.mean) / self.std
