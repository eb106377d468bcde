"""Slow formulas of the losses between relations."""

from math import exp, log, sqrt

import numpy as np

from losses.features.slow import cosine
from losses.slow import Array, dot, huber


def contrastive(s: Array, t: Array, temperature: float) -> Array:
    cos = [[(1 - cosine(a, b)) / temperature for b in t] for a in s]
    log_sum = [log(sum(exp(v) for v in row)) for row in cos]
    log_sum_column = [log(sum(exp(row[j]) for row in cos)) for j in range(len(t))]
    return np.array([(log_sum[i] + log_sum_column[i]) / 2 - cos[i][i] for i in range(len(s))])


def rkd_distance(s: Array, t: Array) -> float:
    def scaled(x: Array) -> list[float]:
        all_pairs = [sqrt(dot(a - b, a - b)) for a in x for b in x]
        positive = [d for d in all_pairs if d > 0]
        return [d / (sum(positive) / len(positive)) for d in all_pairs]

    return sum(huber(a - b) for a, b in zip(scaled(s), scaled(t), strict=True)) / len(s) ** 2


def rkd_angle(s: Array, t: Array) -> float:
    def cos(x: Array, i: int, j: int, k: int) -> float:
        a, b = x[j] - x[i], x[k] - x[i]
        return 0.0 if i in (j, k) else dot(a, b) / sqrt(dot(a, a) * dot(b, b))

    n = range(len(s))
    return sum(huber(cos(s, i, j, k) - cos(t, i, j, k)) for i in n for j in n for k in n) / len(s) ** 3
