"""Unit vectors that stay harmless where a vector is zero."""

from __future__ import annotations

import torch
from torch import Tensor

SHORTEST = 1e-12


def unit(x: Tensor) -> Tensor:
    """x / |x| over the last dimension; a zero vector stays zero and gets a zero gradient.

    Dividing by a clamped length alone would give that vector a gradient of 1e12.
    """
    length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return torch.where(length > SHORTEST, x / length.clamp_min(SHORTEST), 0)
