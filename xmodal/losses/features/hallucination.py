"""A branch that sees the sensor at hand imitates the activations of a branch that saw the missing one.

Hoffman, Gupta, Darrell: Learning with Side Information through Modality Hallucination, CVPR 2016. Evidence: recalled.
"""

from __future__ import annotations

import sys

from torch import Tensor, nn

from xmodal.losses._checks import check_mask, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair

ANY_FROM_TWO = range(2, sys.maxsize)


def hallucination_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """|sigmoid(student) - sigmoid(teacher)|²: the sum over everything in a sample; the mean over samples is ours.

    Zero only for equal activations. The sigmoid bounds each difference by 1, so that no single large activation
    rules; where both are far beyond it, the gradient vanishes. The value grows with the size of the layer.

    Args:
        student: [B, ..., D] activations of the hallucinating branch, before the sigmoid.
        teacher: same shape, from the branch of the missing modality; gets no gradient.
        reduction: "mean" over samples that count; "none" for [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, ..., D]", dims=ANY_FROM_TWO)
    check_mask(mask, student.shape[:1])
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    items = (student.sigmoid() - teacher.sigmoid()).square().flatten(1).sum(1)  # [B]
    return reduce_items(items, mask, reduction)


class HallucinationLoss(nn.Module):
    """`hallucination_loss` with its hyperparameters stored."""

    def __init__(self, *, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return hallucination_loss(student, teacher, reduction=self.reduction, mask=mask)
