"""The student predicts the values a better sensor measured or a teacher predicted: depth, height, glucose.

Smooth L1 of Girshick: Fast R-CNN, ICCV 2015, arXiv 1504.08083, used here on values. Evidence: ancestor.
"""

from __future__ import annotations

import sys

from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_mask, check_positive, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair

ANY_FROM_ONE = range(1, sys.maxsize)


def value_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    beta: float = 1.0,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """Of each difference d: d^2 / (2 beta) where |d| < beta, |d| - beta / 2 beyond. Zero only for equal values.

    Huber's function divided by beta, so that a far outlier pulls with slope 1 for every beta.

    Args:
        student: [B], [B, N] or more: values, in metres say.
        teacher: same shape and unit; gets no gradient. Mask what was not measured: a NaN there does no harm.
        beta: > 0, in the unit of the values: the difference from which on the loss is linear.
        reduction: "mean" over all values that count; "none" for the shape of the input, zero where masked.
        mask: [B], [B, N], ... bool over leading dimensions, True for what counts; masking equals removing.

    Returns:
        A scalar, or the shape of the input; float32, or float64 for float64 inputs; in the unit of the values.

    Raises:
        ValueError: shapes or mask that do not fit, beta <= 0, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, ...]", dims=ANY_FROM_ONE)
    check_mask(mask, student.shape)
    check_positive("beta", beta)
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    return reduce_items(F.smooth_l1_loss(student, teacher, beta=beta, reduction="none"), mask, reduction)


class ValueLoss(nn.Module):
    """`value_loss` with its hyperparameters stored."""

    def __init__(self, *, beta: float = 1.0, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.beta = beta
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return value_loss(student, teacher, beta=self.beta, reduction=self.reduction, mask=mask)
