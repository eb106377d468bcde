"""All tokens of an image together point where the teacher's do and have nearly their values.

Shang et al.: Theia, CoRL 2024 (code bdaiinstitute/theia). Evidence: exact.
"""

from __future__ import annotations

import sys

from torch import Tensor, nn

from xmodal.losses._checks import check_mask, check_same_shape
from xmodal.losses._items import Reduction
from xmodal.losses.features.cosine_smooth_l1 import cosine_smooth_l1_loss

ANY_FROM_TWO = range(2, sys.maxsize)


def theia_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    cosine_weight: float = 0.9,
    smooth_l1_weight: float = 0.1,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """cosine_weight (1 - cos) + smooth_l1_weight (smooth L1), both over tokens and channels of a sample at once.

    The cosine is that of one long vector: tokens with large features count more than in `cosine_smooth_l1_loss`,
    which compares token by token. Zero only for equal features. The source standardises the teacher's features by
    the mean and standard deviation of its training images first, and averages over its teachers.

    Args:
        student: [B, ..., D] features, such as [B, N, D].
        teacher: same shape; gets no gradient.
        cosine_weight: >= 0.
        smooth_l1_weight: >= 0.
        reduction: "mean" over samples that count; "none" for [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, a negative weight, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, ..., D]", dims=ANY_FROM_TWO)
    check_mask(mask, student.shape[:1])
    return cosine_smooth_l1_loss(
        student.flatten(1),
        teacher.flatten(1),
        cosine_weight=cosine_weight,
        smooth_l1_weight=smooth_l1_weight,
        reduction=reduction,
        mask=mask,
    )


class TheiaLoss(nn.Module):
    """`theia_loss` with its hyperparameters stored."""

    def __init__(
        self, *, cosine_weight: float = 0.9, smooth_l1_weight: float = 0.1, reduction: Reduction = "mean"
    ) -> None:
        super().__init__()
        self.cosine_weight = cosine_weight
        self.smooth_l1_weight = smooth_l1_weight
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return theia_loss(
            student,
            teacher,
            cosine_weight=self.cosine_weight,
            smooth_l1_weight=self.smooth_l1_weight,
            reduction=self.reduction,
            mask=mask,
        )
