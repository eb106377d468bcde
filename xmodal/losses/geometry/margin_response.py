"""The student's descriptor of a place comes within a margin of the teacher's, and is then left alone.

The margin-based response distillation of 4DRaL (ICRA 2026, arXiv 2603.26206): a re-implementation from the
description; the equation, in which |.| is the Euclidean length, and the default margin are ours, as none were
published in a form we could read. Evidence: described.
"""

from __future__ import annotations

import sys

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_mask, check_positive, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair


def margin_response_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    margin: float = 0.1,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """max(0, |student - teacher| - margin): mean over samples or tokens. Zero, without gradient, within the margin.

    Args:
        student: [B, ..., D] descriptors; the source makes unit vectors of them, so that |.| is at most 2.
        teacher: same shape; gets no gradient.
        margin: > 0; a distance that makes no difference to retrieval.
        reduction: "mean" over all items that count; "none" for [B, ...], zero where masked.
        mask: [B], [B, N], ... bool over leading dimensions, True for what counts; masking equals removing.

    Returns:
        A scalar or [B, ...]; float32, or float64 for float64 inputs; in units of the descriptors.

    Raises:
        ValueError: shapes or mask that do not fit, a margin <= 0, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, ..., D]", dims=range(2, sys.maxsize))
    check_mask(mask, student.shape[:-1])
    check_positive("margin", margin)
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    return reduce_items(F.relu(torch.linalg.vector_norm(student - teacher, dim=-1) - margin), mask, reduction)


class MarginResponseLoss(nn.Module):
    """`margin_response_loss` with its hyperparameters stored."""

    def __init__(self, *, margin: float = 0.1, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.margin = margin
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return margin_response_loss(student, teacher, margin=self.margin, reduction=self.reduction, mask=mask)
