"""What the slow formulas share: losses once more, as loops over numpy float64 scalars, no broadcasting, no torch."""

from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def softmax(z: Array) -> list[float]:
    top = max(z)
    weights = [exp(v - top) for v in z]
    return [w / sum(weights) for w in weights]


def dot(a: Any, b: Any) -> float:
    return float(sum(x * y for x, y in zip(a, b, strict=True)))


def huber(d: float, beta: float = 1.0) -> float:
    return d * d / (2 * beta) if abs(d) < beta else abs(d) - beta / 2


def per_item(one: Any, item_dims: int) -> Any:
    """The slow loss of a batch, [B] or [B, N], from that of one item; an item is the last `item_dims` dimensions."""

    def batch(s: Array, t: Array, **options: float) -> Array:
        items = s.shape[: s.ndim - item_dims]
        return np.array([one(s[i], t[i], **options) for i in np.ndindex(items)]).reshape(items)

    return batch
