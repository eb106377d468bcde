"""What the two improved forms of KL share: weights of classes, and weighted differences of all pairs of logits."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.losses._checks import check_known, check_labels, check_mask, check_positive, check_same_shape
from xmodal.losses._items import blank
from xmodal.losses._precision import lift_pair

TeacherGradient = Literal["none", "pairs"]


def prepared(
    student: Tensor,
    teacher: Tensor,
    labels: Tensor | None,
    prior: Tensor | None,
    mask: Tensor | None,
    weight_temperature: float,
    teacher_gradient: TeacherGradient,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Student, teacher, teacher - student and the classes' weights, checked, in one dtype, masked items zero.

    Only the difference has a gradient to the teacher, and that if `teacher_gradient` is "pairs".
    """
    check_same_shape(student, teacher, expected="[B, C] or [B, N, C]", dims=range(2, 4))
    check_mask(mask, student.shape[:-1])
    check_positive("weight_temperature", weight_temperature)
    check_known("teacher_gradient", teacher_gradient, ("none", "pairs"))
    attached = blank(teacher, mask)
    student, teacher = lift_pair(blank(student, mask), attached)
    difference = (attached.to(student.dtype) if teacher_gradient == "pairs" else teacher) - student
    if prior is None:
        return student, teacher, difference, F.softmax(teacher / weight_temperature, dim=-1)
    return student, teacher, difference, _looked_up(prior, labels, mask, student.shape).to(student.dtype)


def _looked_up(prior: Tensor, labels: Tensor | None, mask: Tensor | None, shape: torch.Size) -> Tensor:
    """[C, C] -> `shape`: the row of each label, without gradient."""
    classes = shape[-1]
    if prior.shape != (classes, classes):
        raise ValueError(f"expected a prior [{classes}, {classes}], found {list(prior.shape)}")
    if labels is None:
        raise ValueError("expected labels beside a prior, found None")
    check_labels(labels, shape[:-1], classes=classes, mask=mask)
    return prior.detach()[blank(labels, mask).long()]


def pair_differences(difference: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """[..., C] each -> sum_jk w_j w_k (d_j - d_k)^2 / 4 and sum_jk w_j w_k, each [...].

    The first is half of sum_k w_k times the weighted squared distance of d from its weighted mean: C operations
    instead of C^2, and no C x C tensor.
    """
    total = weights.sum(-1)
    weighted_sum = (weights * difference).sum(-1)
    mean = weighted_sum / total.clamp_min(torch.finfo(total.dtype).tiny)
    spread = (weights * (difference - mean.unsqueeze(-1)).square()).sum(-1)
    return total * spread / 2, total.square()


def soft_cross_entropy(student: Tensor, teacher: Tensor, *, temperature: float) -> Tensor:
    """[..., C] -> [...]: -sum_c softmax(teacher / T) log softmax(student / T), without T^2."""
    return -(F.softmax(teacher / temperature, dim=-1) * F.log_softmax(student / temperature, dim=-1)).sum(-1)
