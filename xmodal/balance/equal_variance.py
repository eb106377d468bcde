"""A rotation after which all channels have one variance, for widths without a Hadamard matrix.

Such a rotation exists for every set of variances (Schur 1923, Horn 1954); the plane turns are those by which Bendel and
Mickey (1978) make correlation matrices. Beginning at the Hartley matrix is ours.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def equal_variance_rotation(variances: Tensor) -> Tensor:
    """[D, D] orthogonal R with diag(R diag(variances) R^T) = mean(variances): deterministic.

    The Hartley matrix, whose entries (cos + sin) / sqrt(D) mix every variance into every channel, comes near; turns in
    the planes of the channels with the least and the most variance finish, each fixing one channel at least.

    Args:
        variances: [D] from 0, not all 0.
    """
    turned = _hartley(len(variances)).to(variances)
    wanted = variances.mean()
    for _ in range(len(variances) - 1):
        own = (turned.square() * variances).sum(1) / wanted - 1
        low, high = int(own.argmin()), int(own.argmax())
        if own[low] >= 0 or own[high] <= 0 or own[high] - own[low] < 1e-14:
            break
        both = float((turned[low] * turned[high] * variances).sum() / wanted)
        tangent = _turn(float(own[low]), float(own[high]), both)
        cosine = 1 / math.sqrt(1 + tangent**2)
        first, second = turned[low].clone(), turned[high].clone()
        turned[low] = cosine * (first - tangent * second)
        turned[high] = cosine * (tangent * first + second)
    return turned


def _turn(low: float, high: float, both: float) -> float:
    """The smaller t with high t^2 - 2 both t + low = 0: the tangent of the turn that brings `low` < 0 < `high` to 0."""
    root = math.sqrt(both**2 - high * low)
    return low / (both + math.copysign(root, both))


def _hartley(order: int) -> Tensor:
    """[D, D]: orthogonal and symmetric, float64."""
    place = torch.arange(order)
    angle = 2 * math.pi / order * (place.unsqueeze(1) * place % order).double()
    return (angle.cos() + angle.sin()) / math.sqrt(order)
