"""Checks the tensors of two vocabulary heads and runs a divergence over them."""

from __future__ import annotations

from typing import get_args

import torch
from torch import Tensor

from xmodal.losses._checks import check_known, check_mask
from xmodal.losses._items import Reduction
from xmodal.losses.attention._chunked import Divergence, chunked
from xmodal.losses.attention._vocabulary import Head


def vocabulary_divergence(
    student: Tensor,
    teacher: Tensor,
    divergence: Divergence,
    *,
    student_weight: Tensor,
    teacher_weight: Tensor | None,
    student_bias: Tensor | None,
    teacher_bias: Tensor | None,
    reduction: Reduction,
    mask: Tensor | None,
) -> Tensor:
    """See `vocabulary_kl_loss`, which lists the arguments."""
    _check_heads(student, teacher, student_weight, teacher_weight, student_bias, teacher_bias)
    items = student.shape[:-1]
    check_mask(mask, items)
    check_known("reduction", reduction, get_args(Reduction))
    if mask is None:
        counted = torch.arange(items.numel(), device=student.device)
    else:
        counted = (
            mask.reshape(mask.shape + (1,) * (len(items) - mask.ndim)).expand(items).flatten().nonzero().squeeze(1)
        )
    found = chunked(
        Head(student.flatten(0, -2), student_weight, student_bias),
        Head(teacher.flatten(0, -2), teacher_weight, teacher_bias).detached(),
        divergence,
        counted=counted,
        reduction=reduction,
    )
    return found if reduction == "mean" else found.view(items)


def _check_heads(
    student: Tensor,
    teacher: Tensor,
    student_weight: Tensor,
    teacher_weight: Tensor | None,
    student_bias: Tensor | None,
    teacher_bias: Tensor | None,
) -> None:
    if student.ndim not in (2, 3) or student.shape[:-1] != teacher.shape[:-1]:
        raise ValueError(
            "expected student [B, D] or [B, N, D] and teacher with the same leading dimensions, "
            f"found student {list(student.shape)} and teacher {list(teacher.shape)}"
        )
    width = student.shape[-1]
    if student_weight.ndim != 2 or student_weight.shape[1] != width or not student_weight.numel():
        raise ValueError(f"expected student_weight [V, {width}], found {list(student_weight.shape)}")
    words = len(student_weight)
    if teacher_weight is None and teacher.shape[-1] != words:
        raise ValueError(f"expected teacher logits of {words} words, found teacher {list(teacher.shape)}")
    if teacher_weight is None and teacher_bias is not None:
        raise ValueError("expected teacher_bias only beside teacher_weight, found it with teacher logits")
    if teacher_weight is not None and teacher_weight.shape != (words, teacher.shape[-1]):
        raise ValueError(f"expected teacher_weight {[words, teacher.shape[-1]]}, found {list(teacher_weight.shape)}")
    for name, bias in (("student_bias", student_bias), ("teacher_bias", teacher_bias)):
        if bias is not None and bias.shape != (words,):
            raise ValueError(f"expected {name} [{words}], found {list(bias.shape)}")
