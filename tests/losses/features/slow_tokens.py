"""Slow formulas of the losses between tokens, embeddings and pairs."""

from cmath import exp as cexp
from cmath import pi
from math import exp, hypot, log, sqrt

import numpy as np

from losses.slow import Array, dot, huber


def _unit(x: Array) -> list[float]:
    return [v / sqrt(dot(x, x)) for v in x]


def cosine_smooth_l1(s: Array, t: Array, cosine_weight: float, smooth_l1_weight: float, beta: float = 1.0) -> float:
    smooth_l1 = sum(huber(float(x - y), beta) for x, y in zip(s, t, strict=True)) / len(s)
    return cosine_weight * (1 - dot(_unit(s), _unit(t))) + smooth_l1_weight * smooth_l1


def theia(s: Array, t: Array, cosine_weight: float, smooth_l1_weight: float) -> Array:
    pairs = zip(s, t, strict=True)
    return np.array([cosine_smooth_l1(x.ravel(), y.ravel(), cosine_weight, smooth_l1_weight) for x, y in pairs])


def scalr(s: Array, t: Array, weight: Array) -> Array:
    items = np.zeros(weight.shape)
    for i in np.ndindex(weight.shape):
        squared = sum((x - y) ** 2 for x, y in zip(_unit(s[i]), _unit(t[i]), strict=True))
        items[i] = weight[i] / (sum(weight.ravel()) / weight.size) * sqrt(squared)
    return items


def _transform(signal: list[float]) -> list[complex]:
    n = len(signal)
    return [sum(x * cexp(-2j * pi * k * i / n) for i, x in enumerate(signal)) / sqrt(n) for k in range(n)]


def _spectrum(x: Array, dim: int) -> list[complex]:
    """All frequencies of all lines of one sample along `dim`, counted in the batch."""
    lines = np.moveaxis(x, dim - 1 if dim > 0 else dim, -1)
    return [z for i in np.ndindex(lines.shape[:-1]) for z in _transform([float(v) for v in lines[i]])]


def _phases(spectrum: list[complex]) -> list[complex]:
    faint = 1e-3 * sum(abs(z) for z in spectrum) / len(spectrum)
    return [z / max(abs(z), faint) for z in spectrum]


def spectral(s: Array, t: Array, dim: int, magnitude_weight: float, phase_weight: float) -> Array:
    items = []
    for x, y in zip(s, t, strict=True):
        ours, theirs = _spectrum(x, dim), _spectrum(y, dim)
        magnitude = sum(abs(abs(a) - abs(b)) for a, b in zip(ours, theirs, strict=True)) / len(ours)
        turns = [abs(a - b) ** 2 / 2 for a, b in zip(_phases(ours), _phases(theirs), strict=True)]
        phase = sum(turn * abs(b) for turn, b in zip(turns, theirs, strict=True)) / sum(abs(b) for b in theirs)
        items.append(magnitude_weight * magnitude + phase_weight * phase)
    return np.array(items)


def truncated_hint(s: Array, t: Array) -> float:
    return sum((x - t[i]) ** 2 for i, x in enumerate(s)) / len(s)


def hallucination(s: Array, t: Array) -> Array:
    def squared(x: float, y: float) -> float:
        return hypot(1 / (1 + exp(-x)) - 1 / (1 + exp(-y))) ** 2

    pairs = zip(s, t, strict=True)
    return np.array([sum(squared(a, b) for a, b in zip(x.ravel(), y.ravel(), strict=True)) for x, y in pairs])


def attended_token(s: Array, t: Array, attention: Array, k: int) -> Array:
    items = []
    for x, y, received in zip(s, t, attention, strict=True):
        top = sorted(range(len(x)), key=lambda i: -received[i])[:k]
        items.append(sum((x[i][d] - y[i][d]) ** 2 for i in top for d in range(x.shape[1])) / (len(top) * x.shape[1]))
    return np.array(items)


def _choose_first(scores: list[float]) -> float:
    return log(sum(exp(v) for v in scores)) - scores[0]


def info_nce(s: Array, t: Array, temperature: float, trained: str = "student") -> Array:
    items = []
    for i, x in enumerate(s):
        others = [dot(_unit(x), _unit(t[j])) / temperature for j in range(len(t)) if j != i]
        items.append(_choose_first([dot(_unit(x), _unit(t[i])) / temperature, *others]))
    return np.array(items)


def hard_negative(s: Array, t: Array, negatives: Array, temperature: float) -> Array:
    items = []
    for x, partner, others in zip(s, t, negatives, strict=True):
        items.append(_choose_first([dot(_unit(x), _unit(y)) / temperature for y in (partner, *others)]))
    return np.array(items)
