"""Every loss once more, as loops over numpy float64 scalars: an item a call, no broadcasting, no torch."""

from math import exp, log, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def _softmax(z: Array) -> list[float]:
    top = max(z)
    weights = [exp(v - top) for v in z]
    return [w / sum(weights) for w in weights]


def _dot(a: Any, b: Any) -> float:
    return float(sum(x * y for x, y in zip(a, b, strict=True)))


def _huber(d: float, beta: float = 1.0) -> float:
    return d * d / (2 * beta) if abs(d) < beta else abs(d) - beta / 2


def kd(s: Array, t: Array, temperature: float) -> float:
    pairs = zip(_softmax(s / temperature), _softmax(t / temperature), strict=True)
    return temperature**2 * sum(p_t * (log(p_t) - log(p_s)) for p_s, p_t in pairs)


def soft_label(s: Array, t: Array, temperature: float) -> float:
    return -sum(p_t * log(p_s) for p_s, p_t in zip(_softmax(s), _softmax(t / temperature), strict=True))


def hint(s: Array, t: Array) -> float:
    return sum((x - y) ** 2 for x, y in zip(s, t, strict=True)) / len(s)


def cosine(s: Array, t: Array) -> float:
    return 1 - _dot(s, t) / sqrt(_dot(s, s) * _dot(t, t))


def value(s: float, t: float, beta: float) -> float:
    return _huber(float(s - t), beta)


def per_item(one: Any, item_dims: int) -> Any:
    """The slow loss of a batch, [B] or [B, N], from that of one item; an item is the last `item_dims` dimensions."""

    def batch(s: Array, t: Array, **options: float) -> Array:
        items = s.shape[: s.ndim - item_dims]
        return np.array([one(s[i], t[i], **options) for i in np.ndindex(items)]).reshape(items)

    return batch


def contrastive(s: Array, t: Array, temperature: float) -> Array:
    cos = [[(1 - cosine(a, b)) / temperature for b in t] for a in s]
    log_sum = [log(sum(exp(v) for v in row)) for row in cos]
    log_sum_column = [log(sum(exp(row[j]) for row in cos)) for j in range(len(t))]
    return np.array([(log_sum[i] + log_sum_column[i]) / 2 - cos[i][i] for i in range(len(s))])


def rkd_distance(s: Array, t: Array) -> float:
    def scaled(x: Array) -> list[float]:
        all_pairs = [sqrt(_dot(a - b, a - b)) for a in x for b in x]
        positive = [d for d in all_pairs if d > 0]
        return [d / (sum(positive) / len(positive)) for d in all_pairs]

    return sum(_huber(a - b) for a, b in zip(scaled(s), scaled(t), strict=True)) / len(s) ** 2


def rkd_angle(s: Array, t: Array) -> float:
    def cos(x: Array, i: int, j: int, k: int) -> float:
        a, b = x[j] - x[i], x[k] - x[i]
        return 0.0 if i in (j, k) else _dot(a, b) / sqrt(_dot(a, a) * _dot(b, b))

    n = range(len(s))
    return sum(_huber(cos(s, i, j, k) - cos(t, i, j, k)) for i in n for j in n for k in n) / len(s) ** 3
