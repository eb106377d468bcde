"""Slow formulas of the losses between class distributions."""

from collections.abc import Callable
from math import exp, log, sqrt
from statistics import median
from typing import Any

import numpy as np

from losses.logits.slow import kd
from losses.slow import Array, dot, softmax

EPS_DIST = 1e-8


def with_labels(one: Callable[..., float]) -> Callable[..., Array]:
    """The slow loss of a batch from that of one item with its label."""

    def batch(s: Array, t: Array, labels: Any, **options: Any) -> Array:
        return np.array([one(s[i], t[i], int(labels[i]), **options) for i in np.ndindex(labels.shape)]).reshape(
            labels.shape
        )

    return batch


def _kl(p: list[float], q: list[float]) -> float:
    return sum(a * (log(a) - log(b)) for a, b in zip(p, q, strict=True))


def dkd(s: Array, t: Array, label: int, alpha: float, beta: float, temperature: float) -> float:
    p_s, p_t = softmax(s / temperature), softmax(t / temperature)
    others = [k for k in range(len(s)) if k != label]
    target = _kl([p_t[label], 1 - p_t[label]], [p_s[label], 1 - p_s[label]])
    without_s = softmax(np.array([s[k] / temperature for k in others]))
    without_t = softmax(np.array([t[k] / temperature for k in others]))
    return temperature**2 * (alpha * target + beta * _kl(without_t, without_s))


def ofa(s: Array, t: Array, label: int, eps: float, temperature: float) -> float:
    p_s, p_t = softmax(s / temperature), softmax(t / temperature)
    enhanced = [(1 + p) ** eps - 1 if k == label else p**eps for k, p in enumerate(p_t)]
    return -sum(w * log(p) for w, p in zip(enhanced, p_s, strict=True))


def _correlation(a: list[float], b: list[float]) -> float:
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    a, b = [x - mean_a for x in a], [x - mean_b for x in b]
    return dot(a, b) / (sqrt(dot(a, a) * dot(b, b)) + EPS_DIST)


def dist(s: Array, t: Array, beta: float, gamma: float, temperature: float) -> float:
    s, t = s.reshape(-1, s.shape[-1]), t.reshape(-1, t.shape[-1])
    p_s, p_t = [softmax(z / temperature) for z in s], [softmax(z / temperature) for z in t]
    inter = sum(1 - _correlation(a, b) for a, b in zip(p_s, p_t, strict=True)) / len(s)
    columns = zip(zip(*p_s, strict=True), zip(*p_t, strict=True), strict=True)
    intra = sum(1 - _correlation(list(a), list(b)) for a, b in columns) / s.shape[1]
    return temperature**2 * (beta * inter + gamma * intra)


def _share_at_most_median(values: list[float]) -> float:
    return sum(v <= median(values) for v in values) / len(values)


def mlld(
    s: Array,
    t: Array,
    temperatures: tuple[float, ...],
    instance_weight: float,
    batch_weight: float,
    class_weight: float,
    form: str,
) -> float:
    s, t = s.reshape(-1, s.shape[-1]), t.reshape(-1, t.shape[-1])
    at_one = [softmax(z) for z in t]
    items = _share_at_most_median([max(p) for p in at_one]) if form == "released" else 1.0
    classes = _share_at_most_median([sum(c) for c in zip(*at_one, strict=True)]) if form == "released" else 1.0
    total = 0.0
    for temperature in temperatures:
        p_s, p_t = [softmax(z / temperature) for z in s], [softmax(z / temperature) for z in t]
        c_s, c_t = list(zip(*p_s, strict=True)), list(zip(*p_t, strict=True))
        instance = sum(kd(a, b, temperature) for a, b in zip(s, t, strict=True)) / len(s)
        total += items * (instance_weight * instance + batch_weight * _gram_distance(p_s, p_t))
        total += classes * class_weight * _gram_distance(c_s, c_t)
    return total


def _gram_distance(a: list[Any], b: list[Any]) -> float:
    n = range(len(a))
    return sum((dot(b[i], b[j]) - dot(a[i], a[j])) ** 2 for i in n for j in n) / len(a)


def _pairs(s: Array, t: Array, u: list[float]) -> tuple[float, float]:
    k = range(len(s))
    weighted = sum(u[i] * u[j] * ((t[i] - t[j]) - (s[i] - s[j])) ** 2 for i in k for j in k)
    return weighted / 4, sum(u[i] * u[j] for i in k for j in k)


def _soft_ce(s: Array, t: Array, temperature: float) -> float:
    return -sum(p * log(q) for p, q in zip(softmax(t / temperature), softmax(s / temperature), strict=True))


def gkl(
    s: Array,
    t: Array,
    labels: Any,
    prior: Array | None,
    alpha: float,
    beta: float,
    gamma: float,
    temperature: float,
    weight_temperature: float,
) -> float:
    pairs = total = soft = 0.0
    for i in np.ndindex(labels.shape):
        u = softmax(t[i] / weight_temperature) if prior is None else list(prior[labels[i]])
        one = _pairs(s[i], t[i], [v**gamma for v in u])
        pairs, total, soft = pairs + one[0], total + one[1], soft + _soft_ce(s[i], t[i], temperature)
    return beta * pairs / total + alpha * soft / labels.size


def ikl(
    s: Array,
    t: Array,
    label: int,
    prior: Array | None,
    alpha: float,
    beta: float,
    temperature: float,
    weight_temperature: float,
) -> float:
    u = softmax(t / weight_temperature) if prior is None else list(prior[label])
    return beta * _pairs(s, t, u)[0] + alpha * _soft_ce(s, t, temperature)


def _sigmoid(z: float) -> float:
    return 1 / (1 + exp(-z))


def binary_kd(s: float, t: float, temperature: float, softened: str) -> float:
    p = _sigmoid(t / temperature)
    q = _sigmoid(s if softened == "teacher" else s / temperature)
    cross_entropy = -(p * log(q) + (1 - p) * log(1 - q))
    return cross_entropy if softened == "teacher" else temperature**2 * cross_entropy


def margin_focal(
    s: Array, labels: Any, margin: float, gamma: float, pos_weight: float, separation_weight: float
) -> float:
    total, yes, no = 0.0, [], []
    for z, label in zip(s.ravel(), labels.ravel(), strict=True):
        p = _sigmoid(z - margin) if label else 1 - _sigmoid(z + margin)
        total += (1 - p) ** gamma * -log(p) * (pos_weight if label else 1)
        (yes if label else no).append(float(z))
    gap = sum(yes) / len(yes) - sum(no) / len(no)
    return float(total / s.size + separation_weight * 0.1 * max(0.0, margin - gap))
