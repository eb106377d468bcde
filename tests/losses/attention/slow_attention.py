"""Slow formulas of the losses between attention maps."""

from __future__ import annotations

from math import log

import numpy as np

from losses.slow import Array, dot, softmax


def attention_kl(
    student_query: Array,
    student_key: Array,
    teacher_query: Array,
    teacher_key: Array,
    *,
    direction: str = "forward",
    student_scale: float | None = None,
    teacher_scale: float | None = None,
    causal: bool = False,
    causal_align: str = "bottom_right",
) -> Array:
    """[B, H, Nq] from [B, H, N, D]."""
    queries, keys = student_query.shape[2], student_key.shape[2]
    last = keys - queries if causal_align == "bottom_right" else 0
    rows = np.zeros(student_query.shape[:3])
    for b, h, i in np.ndindex(rows.shape):
        seen = [j for j in range(keys) if not causal or j <= i + last]
        if not seen:
            continue
        of_student = _map(student_query[b, h, i], student_key[b, h, seen], student_scale)
        of_teacher = _map(teacher_query[b, h, i], teacher_key[b, h, seen], teacher_scale)
        first, second = (of_teacher, of_student) if direction == "forward" else (of_student, of_teacher)
        rows[b, h, i] = sum(p * (log(p) - log(q)) for p, q in zip(first, second, strict=True))
    return rows


def _map(query: Array, keys: Array, scale: float | None) -> list[float]:
    scale = len(query) ** -0.5 if scale is None else scale
    return softmax(np.array([scale * dot(query, key) for key in keys]))
