"""Slow formulas of the losses between features."""

from math import sqrt

from losses.slow import Array, dot, huber


def hint(s: Array, t: Array) -> float:
    return sum((x - y) ** 2 for x, y in zip(s, t, strict=True)) / len(s)


def cosine(s: Array, t: Array) -> float:
    return 1 - dot(s, t) / sqrt(dot(s, s) * dot(t, t))


def value(s: float, t: float, beta: float) -> float:
    return huber(float(s - t), beta)
