"""The student regresses the teacher's features.

Romero et al.: FitNets: Hints for Thin Deep Nets, ICLR 2015, arXiv 1412.6550. Evidence: exact.
"""

from __future__ import annotations

import sys

from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_mask, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair

ANY_FROM_TWO = range(2, sys.maxsize)


def hint_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """Mean squared difference over all elements. Zero only for equal features.

    The source's regressor is the caller's: project the student to the teacher's width first.

    Args:
        student: [B, ..., D] features.
        teacher: same shape; gets no gradient.
        reduction: "mean" over all elements that count; "none" for the mean over D only, zero where masked.
        mask: [B], [B, N], ... bool over leading dimensions, True for what counts; masking equals removing.

    Returns:
        A scalar, or [B, ...]; float32, or float64 for float64 inputs; in squared units of the features.

    Raises:
        ValueError: shapes or mask that do not fit, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, ..., D]", dims=ANY_FROM_TWO)
    check_mask(mask, student.shape[:-1])
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    items = F.mse_loss(student, teacher, reduction="none").mean(-1)  # [B, ...]
    return reduce_items(items, mask, reduction)


class HintLoss(nn.Module):
    """`hint_loss` with its hyperparameters stored."""

    def __init__(self, *, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return hint_loss(student, teacher, reduction=self.reduction, mask=mask)
