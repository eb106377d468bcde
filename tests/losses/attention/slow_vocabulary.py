"""Slow formulas of the losses between vocabulary distributions, of one token."""

from __future__ import annotations

from collections.abc import Callable
from math import log
from typing import Any

import numpy as np

from losses.logits import slow
from losses.slow import Array, dot, softmax


def _logits(hidden: Array, weight: Array | None, bias: Array | None) -> Array:
    if weight is None:
        return hidden
    return np.array([dot(word, hidden) + (0 if bias is None else bias[v]) for v, word in enumerate(weight)])


def _from_heads(one: Callable[..., float]) -> Callable[..., float]:
    """A formula of logits as one of hidden states and the tensors of both heads."""

    def value(
        s: Array,
        t: Array,
        student_weight: Array,
        teacher_weight: Array | None,
        student_bias: Array | None,
        teacher_bias: Array | None,
        **options: Any,
    ) -> float:
        return one(_logits(s, student_weight, student_bias), _logits(t, teacher_weight, teacher_bias), **options)

    return value


def _jsd(s: Array, t: Array, beta: float, temperature: float) -> float:
    p_s, p_t = softmax(s / temperature), softmax(t / temperature)
    mixture = [beta * b + (1 - beta) * a for a, b in zip(p_s, p_t, strict=True)]
    return beta * _kl(p_t, mixture) + (1 - beta) * _kl(p_s, mixture)


def _kl(p: list[float], q: list[float]) -> float:
    return sum(a * (log(a) - log(b)) for a, b in zip(p, q, strict=True))


vocabulary_kl = _from_heads(slow.kd)
vocabulary_jsd = _from_heads(_jsd)
