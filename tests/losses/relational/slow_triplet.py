"""Slow formula of the triplet loss."""

from math import sqrt

import numpy as np

from losses.slow import Array


def triplet(s: Array, t: Array, negative: Array, margin: float) -> Array:
    def length(a: Array, b: Array) -> float:
        return sqrt(sum((x - y + 1e-6) ** 2 for x, y in zip(a, b, strict=True)))

    items = s.shape[:-1]
    found = [max(0.0, length(s[i], t[i]) - length(s[i], negative[i]) + margin) for i in np.ndindex(items)]
    return np.array(found).reshape(items)
