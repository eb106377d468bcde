"""Slow formulas of the classic losses between feature maps, vectors and batches."""

from math import exp, log, sqrt
from typing import Any

import numpy as np

from losses.slow import Array, dot, softmax


def pooled(x: Array, height: int, width: int) -> Array:
    """[C, H, W] -> [C, height, width]: means over cells, which overlap where the sizes do not divide."""

    def cell(i: int, size: int, cells: int) -> slice:
        return slice(i * size // cells, -(-(i + 1) * size // cells))

    out = np.zeros((len(x), height, width))
    for c, i, j in np.ndindex(out.shape):
        part = x[c, cell(i, x.shape[1], height), cell(j, x.shape[2], width)]
        out[c, i, j] = sum(part.flat) / part.size
    return out


def _one_grid(a: Array, b: Array) -> tuple[Array, Array]:
    height, width = min(a.shape[1], b.shape[1]), min(a.shape[2], b.shape[2])
    return pooled(a, height, width), pooled(b, height, width)


def _unit(x: Any) -> list[float]:
    length = sqrt(dot(x, x))
    return [v / length for v in x]


def attention_transfer(s: Array, t: Array, power: float = 2.0, form: str = "released") -> float:
    def attention(x: Array) -> list[float]:
        return _unit([sum(abs(v) ** power for v in x[:, i, j]) for i, j in np.ndindex(x.shape[1:])])

    s, t = _one_grid(s, t)
    squares = [(a - b) ** 2 for a, b in zip(attention(s), attention(t), strict=True)]
    return sum(squares) / len(squares) if form == "released" else sqrt(sum(squares))


def nst(s: Array, t: Array) -> float:
    def mean_kernel(a: list[list[float]], b: list[list[float]]) -> float:
        return sum(dot(x, y) ** 2 for x in a for y in b) / (len(a) * len(b))

    ours, theirs = ([_unit(channel.flatten()) for channel in x] for x in _one_grid(s, t))
    return mean_kernel(ours, ours) + mean_kernel(theirs, theirs) - 2 * mean_kernel(ours, theirs)


def vid(s: Array, t: Array, variance: Any) -> float:
    """Of one sample, [C, H, W] or [C]."""
    items = [((s[i] - t[i]) ** 2 / float(variance[i[0]]) + log(float(variance[i[0]]))) / 2 for i in np.ndindex(s.shape)]
    return sum(items) / len(items)


def fsp(s: Array, t: Array, student_next: Array, teacher_next: Array) -> Array:
    def flow(a: Array, b: Array, c: int, d: int) -> float:
        a, b = _one_grid(a, b)
        return dot(a[c].flatten(), b[d].flatten()) / a[c].size

    items = []
    for sample in zip(s, student_next, t, teacher_next, strict=True):
        pairs = list(np.ndindex(s.shape[1], student_next.shape[1]))
        squares = [(flow(*sample[:2], c, d) - flow(*sample[2:], c, d)) ** 2 for c, d in pairs]
        items.append(sum(squares) / len(squares))
    return np.array(items)


def cwd(s: Array, t: Array, temperature: float) -> float:
    total = 0.0
    for ours, theirs in zip(s, t, strict=True):
        pairs = zip(softmax(ours.flatten() / temperature), softmax(theirs.flatten() / temperature), strict=True)
        total += sum(q * log(q / p) for p, q in pairs)
    return temperature**2 * total / len(s)


def pkd(s: Array, t: Array) -> float:
    def standard(x: Array) -> list[float]:
        mean = sum(x) / len(x)
        deviation = sqrt(sum((v - mean) ** 2 for v in x) / (len(x) - 1))
        return [(v - mean) / (deviation + 1e-6) for v in x]

    total = 0.0
    for c in range(s.shape[1]):
        pairs = zip(standard(s[:, c].flatten()), standard(t[:, c].flatten()), strict=True)
        total += sum((a - b) ** 2 for a, b in pairs)
    return total / (2 * s.size)


def hcl(s: Array, t: Array, levels: tuple[int, ...] = (4, 2, 1)) -> float:
    def mse(a: Array, b: Array) -> float:
        return sum((x - y) ** 2 for x, y in zip(a.flat, b.flat, strict=True)) / a.size

    smaller = [level for level in levels if level < min(s.shape[1:])]
    terms = [mse(s, t), *(mse(pooled(s, level, level), pooled(t, level, level)) for level in smaller)]
    weights = [0.5**k for k in range(len(terms))]
    return dot(weights, terms) / sum(weights)


def cat_kd(s: Array, t: Array, resolution: int = 2) -> float:
    total, count = 0.0, 0
    for ours, theirs in zip(pooled(s, resolution, resolution), pooled(t, resolution, resolution), strict=True):
        for a, b in zip(_unit(ours.flatten()), _unit(theirs.flatten()), strict=True):
            total, count = total + (a - b) ** 2, count + 1
    return total / count


def cka(s: Array, t: Array) -> float:
    def gram(x: Array, y: Array) -> float:
        x, y = (v - np.array([sum(column) / len(v) for column in v.T]) for v in (x, y))
        return sum(dot(a, b) ** 2 for a in x.T for b in y.T)

    return 1 - gram(s, t) / sqrt(gram(s, s) * gram(t, t))


def unbiased_cka(s: Array, t: Array) -> float:
    """By way of the three sums of HSIC_1, not of U-centred matrices."""

    def products(x: Array) -> Array:
        return np.array([[dot(a, b) if i != j else 0.0 for j, b in enumerate(x)] for i, a in enumerate(x)])

    def hsic(k: Array, m: Array) -> float:
        n, every = len(k), range(len(k))
        trace = sum(k[i][j] * m[j][i] for i in every for j in every)
        sums = sum(k.flat) * sum(m.flat) / ((n - 1) * (n - 2))
        cross = sum(k[a][b] * m[b][c] for a in every for b in every for c in every)
        return (trace + sums - 2 * cross / (n - 2)) / (n * (n - 3))

    k, m = products(s), products(t)
    return 1 - hsic(k, m) / sqrt(hsic(k, k) * hsic(m, m))


def mmd(s: Array, t: Array, scales: tuple[float, ...] = (0.25, 0.5, 1, 2, 4), bandwidth: float | None = None) -> float:
    def squared(a: Array, b: Array) -> float:
        return dot(a - b, a - b)

    rows = [*s, *t]
    between = sorted(squared(a, b) for i, a in enumerate(rows) for b in rows[:i])
    width = between[(len(between) - 1) // 2] if bandwidth is None else bandwidth

    def mean_kernel(x: Array, y: Array) -> float:
        return sum(exp(-squared(a, b) / (scale * width)) for a in x for b in y for scale in scales) / (
            len(x) * len(y) * len(scales)
        )

    return mean_kernel(s, s) + mean_kernel(t, t) - 2 * mean_kernel(s, t)


def crd(s: Array, t: Array, negatives: Array, num_samples: int, normaliser: float, temperature: float = 0.07) -> Array:
    items = []
    for anchor, own, others in zip(s, t, negatives, strict=True):
        noise = len(others) / num_samples
        h = [exp(dot(anchor, other) / temperature) / normaliser for other in (own, *others)]
        refused = sum(log(noise / (value + noise + 1e-7)) for value in h[1:])
        items.append(-log(h[0] / (h[0] + noise + 1e-7)) - refused)
    return np.array(items)
