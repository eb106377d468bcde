"""Dense divergences of attention maps, computed for StreamKL, whose authors released no code."""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
from torch import Tensor

from golden.entry import Entry, Golden
from xmodal.losses import attention_kl_loss
from xmodal.losses.attention import _tiled_rows
from xmodal.losses.attention._maps import AttentionMap, Sight

ENTRY = "streamkl/dense"
SCALES: dict[str, float | None] = {"scale_1": 1.0, "scale_rsqrt_d": None}
MASKS: dict[str, dict[str, Any]] = {
    "full": {},
    "causal": {"causal": True},
    "causal_topleft": {"causal": True, "causal_align": "top_left"},
}


def _maps(given: Entry) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Query and key of the second map, which is the student's, then of the first."""
    return given.input("q2 (student)"), given.input("k2"), given.input("q1 (teacher)"), given.input("k1")


def _divergence(reduction: Literal["mean", "none"], scale: float | None, mask: dict[str, Any]) -> Golden:
    def value(given: Entry) -> Tensor:
        scales = {"student_scale": scale, "teacher_scale": scale}
        return attention_kl_loss(*_maps(given), **scales, **mask, reduction=reduction)

    return value


def _grad_norms(scale: float | None, mask: dict[str, Any]) -> Golden:
    """Of q1, k1, q2, k2. The first map gets its gradient as the student of the reverse direction."""

    def value(given: Entry) -> list[float]:
        q2, k2, q1, k1 = _maps(given)
        scales = {"student_scale": scale, "teacher_scale": scale}
        second = torch.autograd.grad(attention_kl_loss(q2, k2, q1, k1, **scales, **mask), (q2, k2))
        reverse = attention_kl_loss(q1, k1, q2, k2, direction="reverse", **scales, **mask)
        first = torch.autograd.grad(reverse, (q1, k1))
        return [grad.norm().item() for grad in (*first, *second)]

    return value


def _normaliser(of: Literal["student", "teacher"], scale: float | None, mask: dict[str, Any]) -> Golden:
    """log sum exp of the logits, which is remembered between forward and backward, in bits."""

    def value(given: Entry) -> Tensor:
        q2, k2, q1, k1 = (x.detach().unsqueeze(0) for x in _maps(given))
        student, teacher = (AttentionMap(q, k, scale or q.shape[-1] ** -0.5) for q, k in ((q2, k2), (q1, k1)))
        last = None if not mask else 0 if "causal_align" in mask else k1.shape[1] - q1.shape[1]
        rows = _tiled_rows.kl_rows(student, teacher, Sight(last, None), given.dtype, direction="forward")
        return math.log(2) * (rows.student if of == "student" else rows.teacher)[0]

    return value


CASES: dict[tuple[str, str], Golden] = {}
for _scale_name, _scale in SCALES.items():
    for _mask_name, _mask in MASKS.items():
        _prefix = f"{_scale_name}/{_mask_name}"
        CASES |= {
            (ENTRY, f"{_prefix}/mean"): _divergence("mean", _scale, _mask),
            (ENTRY, f"{_prefix}/rows"): _divergence("none", _scale, _mask),
            (ENTRY, f"{_prefix}/grad_norms(q1,k1,q2,k2)"): _grad_norms(_scale, _mask),
            (ENTRY, f"{_prefix}/lse1"): _normaliser("teacher", _scale, _mask),
            (ENTRY, f"{_prefix}/lse2"): _normaliser("student", _scale, _mask),
        }
