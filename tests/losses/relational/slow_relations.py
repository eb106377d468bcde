"""Slow formulas of the losses between the samples of a batch, and of the CLIP family."""

from collections.abc import Callable
from math import exp, factorial, log, sqrt
from typing import Any

import numpy as np

from losses.features.slow import cosine as cosine_distance
from losses.slow import Array, dot, softmax

Matrix = list[list[float]]


def in_blocks(slow: Callable[..., Any]) -> Callable[..., Any]:
    """The same formula: how many rows are in memory at a time changes no value."""

    def formula(*tensors: Array, chunk: int, **more: Any) -> Any:
        return slow(*tensors, **more)

    return formula


def _cosine(a: Array, b: Array) -> float:
    return 1 - cosine_distance(a, b)


def _mean_square(s: Matrix, t: Matrix) -> float:
    differences = [(a - b) ** 2 for row_s, row_t in zip(s, t, strict=True) for a, b in zip(row_s, row_t, strict=True)]
    return sum(differences) / len(differences)


def similarity_preserving(s: Array, t: Array) -> float:
    def rows(x: Array) -> Matrix:
        products = [[dot(a, b) for b in x] for a in x]
        return [[v / sqrt(dot(row, row)) for v in row] for row in products]

    return _mean_square(rows(s), rows(t))


def pkt(s: Array, t: Array) -> float:
    def rows(x: Array) -> Matrix:
        likeness = [[(_cosine(a, b) + 1) / 2 for b in x] for a in x]
        return [[v / sum(row) for v in row] for row in likeness]

    p_s, p_t, n = rows(s), rows(t), range(len(s))
    return sum(p_t[i][j] * log((p_t[i][j] + 1e-7) / (p_s[i][j] + 1e-7)) for i in n for j in n) / len(s) ** 2


def correlation_congruence(s: Array, t: Array, gamma: float = 0.4, order: int | None = 2) -> float:
    def kernel(a: Array, b: Array) -> float:
        if order is None:
            away = a / sqrt(dot(a, a)) - b / sqrt(dot(b, b))
            return exp(-gamma * dot(away, away))
        return exp(-2 * gamma) * sum((2 * gamma * _cosine(a, b)) ** p / factorial(p) for p in range(order + 1))

    return _mean_square([[kernel(a, b) for b in s] for a in s], [[kernel(a, b) for b in t] for a in t])


def neighbour_congruence(s: Array, t: Array) -> float:
    pairs = range(len(s) - 1)
    return sum(dot(abs(s[b] - t[b]), abs(s[b + 1] - t[b + 1])) for b in pairs) / len(pairs)


def pairwise_affinity(s: Array, t: Array) -> Array:
    def cosines(x: Array) -> Matrix:
        return [[_cosine(a, b) for b in x] for a in x]

    return np.array([_mean_square(cosines(a), cosines(b)) for a, b in zip(s, t, strict=True)])


def clip_feature(s: Array, t: Array) -> float:
    away = s / sqrt(dot(s, s)) - t / sqrt(dot(t, t))
    return dot(away, away) / len(s)


def _logits(a: Array, b: Array, scale: float) -> Matrix:
    return [[scale * _cosine(x, y) for y in b] for x in a]


def _transposed(rows: Matrix) -> Matrix:
    return [list(column) for column in zip(*rows, strict=True)]


def _kl(student: Matrix, teacher: Matrix) -> Array:
    """KL of each row of the student from that of the teacher."""
    pairs = [(softmax(np.array(a)), softmax(np.array(b))) for a, b in zip(student, teacher, strict=True)]
    return np.array([sum(q * log(q / p) for p, q in zip(p_s, p_t, strict=True)) for p_s, p_t in pairs])


def _matching(logits: Matrix) -> Array:
    return np.array([-log(softmax(np.array(row))[i]) for i, row in enumerate(logits)])


def clip_affinity(
    s: Array, t: Array, student_text: Array, teacher_text: Array, student_scale: float, teacher_scale: float, form: str
) -> Array:
    ours, theirs = _logits(s, student_text, student_scale), _logits(t, teacher_text, teacher_scale)
    both = (_kl(ours, theirs) + _kl(_transposed(ours), _transposed(theirs))) / 2
    if form == "kl":
        return both
    entropies = [[-sum(p * log(p) for p in softmax(np.array(row))) for row in x] for x in (theirs, _transposed(theirs))]
    return both + np.array(entropies).mean(0)


def clip_cross_kd(
    s: Array, t: Array, student_text: Array, teacher_text: Array, teacher_scale: float, scale: float
) -> Array:
    to_texts = _kl(_logits(s, teacher_text, scale), _logits(t, teacher_text, teacher_scale))
    to_images = _kl(_logits(student_text, t, scale), _logits(teacher_text, t, teacher_scale))
    return (to_texts + to_images) / 2


def interactive_contrastive(s: Array, t: Array, student_text: Array, teacher_text: Array, scale: float) -> Array:
    return (_matching(_logits(s, teacher_text, scale)) + _matching(_logits(student_text, t, scale))) / 2


def vertical_relation(
    s: Array, t: Array, student_text: Array, teacher_text: Array, image_scale: float, text_scale: float
) -> Array:
    images, texts = _logits(s, t, image_scale), _logits(student_text, teacher_text, text_scale)
    return (_kl(images, texts) + _kl(_transposed(images), _transposed(texts))) / 2


def cross_relation(s: Array, t: Array, student_text: Array, teacher_text: Array, scale: float) -> Array:
    images, texts = _logits(s, teacher_text, scale), _logits(student_text, t, scale)
    four = _kl(images, texts) + _kl(texts, images)
    return (four + _kl(_transposed(images), _transposed(texts)) + _kl(_transposed(texts), _transposed(images))) / 4


def clip_gradient(
    s: Array, t: Array, student_text: Array, teacher_text: Array, student_scale: float, teacher_scale: float, form: str
) -> Array:
    def gradients(image: Array, text: Array, scale: float) -> Array:
        image, text = (np.array([v / sqrt(dot(v, v)) for v in x]) for x in (image, text))
        scale = 1 / scale if form == "released" else scale
        made = []
        for x, others in ((image, text), (text, image)):
            by_x, by_others = np.zeros_like(x), np.zeros_like(others)
            for i, row in enumerate(_logits(x, others, scale)):
                for j, p in enumerate(softmax(np.array(row))):
                    pull = (p - (i == j)) * scale / len(x)
                    by_x[i] += pull * others[j]
                    by_others[j] += pull * x[i]
            made += [by_x, by_others]
        return np.array(made)  # [4, B, D]

    away = gradients(s, student_text, student_scale) - gradients(t, teacher_text, teacher_scale)
    return np.array([sum(dot(g[i], g[i]) for g in away) / s.shape[1] for i in range(len(s))])
