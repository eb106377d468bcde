"""UNIC's standardisation: each channel minus its running mean, over its running standard deviation.

UNIC (ECCV 2024), utils.py of the authors' code. Evidence: exact.
"""

from __future__ import annotations

import torch
from torch import Tensor

from xmodal.balance.schedules import Cosine, Weight, WeightSchedule, weight_at
from xmodal.balance.standardizer import Standardizer, moments

SOURCE_MOMENTUM = Cosine(1.0, 0.001)


class EMAStandardizer(Standardizer):
    """(x - mean) / (std + eps) with running statistics from before this batch, which then moves them.

    mean <- (1 - m) mean + m mean(batch), std <- (1 - m) std + m (std(batch) + eps), over all rows of the batch, std
    with rows - 1. As in the released code eps enters twice, and as mean begins at 0 and std at 1 the first batch passes
    as it is. In eval mode, and at batches of fewer than two rows, the statistics rest.

    Args:
        width: D.
        momentum: m in [0, 1], a number or a schedule; the source's falls from 1 to 0.001 over training.
        eps: > 0.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, width: int, *, momentum: Weight = SOURCE_MOMENTUM, eps: float = 1e-6) -> None:
        super().__init__(width)
        if not isinstance(momentum, WeightSchedule) and not 0 <= momentum <= 1:
            raise ValueError(f"expected momentum in [0, 1], found {momentum}")
        if not eps > 0:
            raise ValueError(f"expected eps > 0, found {eps}")
        self.momentum, self.eps = momentum, eps
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("std", torch.ones(width))

    def change(self, x: Tensor, progress: float) -> Tensor:
        out = (x - self.mean) / (self.std + self.eps)
        if self.training and x.shape[:-1].numel() > 1:
            mean, std = moments(x)
            share = weight_at(self.momentum, progress)
            self.mean.copy_(self.mean * (1 - share) + mean * share)
            self.std.copy_(self.std * (1 - share) + (std + self.eps) * share)
        return out
