"""DUNE's standardisation: in training each batch by its own statistics, afterwards by the running ones.

DUNE, model/teacher_norm.py of the authors' code. Evidence: exact.
"""

from __future__ import annotations

import torch
from torch import Tensor

from xmodal.balance.standardizer import Standardizer, moments


class BatchStandardizer(Standardizer):
    """(x - mean) / max(std, eps): of this batch in training, running means in eval mode.

    It differs from UNIC's: the batch itself, not what came before, sets the scale, so that every batch has mean 0 and
    standard deviation 1; and eps is a lower limit, not added. A batch of a single row gives zeros and is not recorded.

    Args:
        width: D.
        momentum: m in [0, 1]: running <- (1 - m) running + m batch.
        eps: > 0, the least standard deviation.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, width: int, *, momentum: float = 0.1, eps: float = 1e-3) -> None:
        super().__init__(width)
        if not 0 <= momentum <= 1:
            raise ValueError(f"expected momentum in [0, 1], found {momentum}")
        if not eps > 0:
            raise ValueError(f"expected eps > 0, found {eps}")
        self.momentum, self.eps = momentum, eps
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("std", torch.ones(width))

    def change(self, x: Tensor, progress: float) -> Tensor:
        if not self.training or x.shape[:-1].numel() == 0:
            return (x - self.mean) / self.std.clamp_min(self.eps)
        mean, std = moments(x)
        std = std.clamp_min(self.eps)
        if x.shape[:-1].numel() > 1:
            self.mean.lerp_(mean.to(self.mean.dtype), self.momentum)
            self.std.lerp_(std.to(self.std.dtype), self.momentum)
        return (x - mean) / std
