"""Entropy and divergence of distributions that are given by their logarithms."""

from __future__ import annotations

import math

from torch import Tensor
from torch.nn import functional as F


def kl_divergence(log_p: Tensor, log_q: Tensor) -> Tensor:
    """KL(p || q) = sum p (log p - log q) over the last dimension: [..., C] twice -> [...]."""
    return F.kl_div(log_q, log_p, reduction="none", log_target=True).sum(-1)


def entropy(log_p: Tensor) -> Tensor:
    """-sum p log p over the last dimension, in nats: [..., C] -> [...]."""
    return -(log_p.exp() * log_p).sum(-1)


def normalised_entropy(log_p: Tensor) -> Tensor:
    """The entropy as a share of log C, its largest value; in [0, 1] up to rounding, and 0 where C is 1."""
    return entropy(log_p) / math.log(max(log_p.shape[-1], 2))
