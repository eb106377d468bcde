"""Unit vectors that stay harmless where a vector is zero."""

from __future__ import annotations

import math

import torch
from torch import Tensor

SHORTEST = 1e-12


def unit(x: Tensor) -> Tensor:
    """x / |x| over the last dimension; a zero vector stays zero and gets a zero gradient.

    Dividing by a clamped length alone would give that vector a gradient of 1e12. Divided by infinity it needs no second
    look at all of x.
    """
    length: Tensor = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return x / length.masked_fill(length <= SHORTEST, math.inf)
