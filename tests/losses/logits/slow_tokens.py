"""Slow formulas of the losses between token distributions."""

from math import exp, log, log1p, sqrt
from typing import Any

import numpy as np

from losses.slow import Array, per_item, softmax


def kl(p: list[float], q: list[float]) -> float:
    return sum(a * (log(a) - log(b)) for a, b in zip(p, q, strict=True))


def entropy(p: list[float]) -> float:
    return -sum(a * log(a) for a in p)


def reverse_kl(s: Array, t: Array, temperature: float) -> float:
    return kl(softmax(s / temperature), softmax(t / temperature))


def generalized_jsd(s: Array, t: Array, beta: float, temperature: float) -> float:
    p, q = softmax(t / temperature), softmax(s / temperature)
    if beta in (0, 1):
        return kl(q, p) if beta else kl(p, q)
    mixture = [beta * a + (1 - beta) * b for a, b in zip(p, q, strict=True)]
    return beta * kl(p, mixture) + (1 - beta) * kl(q, mixture)


def entropy_gated(s: Array, t: Array, threshold: float, weight: float, temperature: float) -> float:
    p, q = softmax(t / temperature), softmax(s / temperature)
    return kl(q, p) + (weight * kl(p, q) if entropy(p) > threshold else 0.0)


def uncertainty_kd(s: Array, t: Array, temperature: float) -> Array:
    plain = per_item(lambda a, b: temperature**2 * kl(softmax(b / temperature), softmax(a / temperature)), 1)(s, t)
    sure = per_item(lambda _, b: 1 - entropy(softmax(b)) / log(len(b)), 1)(s, t)
    weighted: Array = plain * sure / np.mean(sure)
    return weighted


def figkd(s: Array, t: Array) -> float:
    total = 0.0
    for i in range(0, len(s), 2):
        j = min(i + 1, len(s) - 1)
        total += ((s[i] - s[j]) / sqrt(2) - (t[i] - t[j]) / sqrt(2)) ** 2
    return total


def falling(z: Array) -> list[int]:
    return sorted(range(len(z)), key=lambda i: -z[i])


def pairs(z: Array, led: list[int], temperature: float) -> list[float]:
    """The softmax of all differences, each pair by itself."""
    k = len(led)
    return softmax(np.array([(z[led[i]] - z[led[j]]) / temperature for i in range(k) for j in range(i + 1, k)]))


def bild(s: Array, t: Array, top_k: int, temperature: float, lead: str = "both") -> float:
    total = 0.0
    for name, leader in (("teacher", t), ("student", s)):
        if lead in ("both", name):
            led = falling(leader)[:top_k]
            total += kl(pairs(t, led, temperature), pairs(s, led, temperature))
    return total


def knee(curve: list[float]) -> int:
    gaps = []
    for r, z in enumerate(curve):
        height = (z - curve[-1]) / (curve[0] - curve[-1])
        gaps.append(1 - r / (len(curve) - 1) - height)
    return gaps.index(max(gaps))


def dbild(s: Array, t: Array, temperature: float, curve: int, least: int, most: int) -> float:
    total = 0.0
    for leader in (t, s):
        order = falling(leader)
        k = max(least, min(most, knee([leader[i] for i in order[:curve]])))
        total += kl(pairs(s, order[:k], temperature), pairs(t, order[:k], temperature))
    return total


def mask_kd(s: Array, t: Array, labels: Array, confidence: Array, form: str = "per_sample") -> Array:
    items = []
    for i in range(len(s)):
        z, target, label = s[i].ravel(), [_sigmoid(x) for x in t[i].ravel()], list(labels[i].ravel())
        p = [_sigmoid(x) for x in z]
        mse = sum((a - b) ** 2 for a, b in zip(p, target, strict=True)) / len(p)
        bce = sum(log1p(exp(-x)) + (1 - y) * x for x, y in zip(z, label, strict=True)) / len(p)
        a = float(confidence[i] if form == "per_sample" else np.mean(confidence))
        items.append(a * (mse + _dice(p, target)) + (1 - a) * (bce + _dice(p, label)))
    return np.array(items)


def _sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))


def _dice(p: list[Any], g: list[Any]) -> float:
    both = sum(a * b for a, b in zip(p, g, strict=True))
    return 1 - (2 * both + 1e-6) / (sum(p) + sum(g) + 1e-6)
