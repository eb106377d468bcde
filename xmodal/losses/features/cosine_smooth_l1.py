"""The student's features point where the teacher's do and have nearly their values.

Sariyildiz et al.: UNIC, ECCV 2024 (code naver/unic): half of each part. AM-RADIO, CVPR 2024, arXiv 2312.06709, weighs
its spatial features 0.9 and 0.1. Evidence: exact (UNIC); recalled (AM-RADIO).
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_at_least_zero
from xmodal.losses._items import Reduction
from xmodal.losses.features.cosine import cosine_loss
from xmodal.losses.features.value import value_loss


def cosine_smooth_l1_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    cosine_weight: float = 0.5,
    smooth_l1_weight: float = 0.5,
    beta: float = 1.0,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """cosine_weight (1 - cos) + smooth_l1_weight (smooth L1, mean over D) of each vector, mean over vectors.

    Zero only for equal features as long as the second weight is above zero. The sources standardise the teacher's
    features first (UNIC by running statistics, AM-RADIO's successors by PHI-S): the second part needs it.

    Args:
        student: [B, D] or [B, N, D] features.
        teacher: same shape; gets no gradient.
        cosine_weight: >= 0.
        smooth_l1_weight: >= 0.
        beta: > 0: the difference of two channels from which on the second part is linear.
        reduction: "mean" over all vectors that count; "none" for [B] or [B, N], zero where masked.
        mask: [B] or [B, N] bool, True for what counts; masking equals removing.

    Returns:
        A scalar, or [B] or [B, N]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, a negative weight, beta <= 0, an unknown reduction.
    """
    check_at_least_zero("cosine_weight", cosine_weight)
    check_at_least_zero("smooth_l1_weight", smooth_l1_weight)
    cosine = cosine_loss(student, teacher, reduction=reduction, mask=mask)
    values = value_loss(student, teacher, beta=beta, reduction=reduction, mask=mask)
    if reduction == "none":
        values = values.mean(-1)  # [B, D] or [B, N, D] -> one value a vector
    return cosine_weight * cosine + smooth_l1_weight * values


class CosineSmoothL1Loss(nn.Module):
    """`cosine_smooth_l1_loss` with its hyperparameters stored."""

    def __init__(
        self,
        *,
        cosine_weight: float = 0.5,
        smooth_l1_weight: float = 0.5,
        beta: float = 1.0,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.cosine_weight = cosine_weight
        self.smooth_l1_weight = smooth_l1_weight
        self.beta = beta
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return cosine_smooth_l1_loss(
            student,
            teacher,
            cosine_weight=self.cosine_weight,
            smooth_l1_weight=self.smooth_l1_weight,
            beta=self.beta,
            reduction=self.reduction,
            mask=mask,
        )
