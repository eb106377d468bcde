"""The student's features point where the teacher's do.

Sariyildiz et al.: UNIC, ECCV 2024 (its cosine half, code naver/unic). Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_mask, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair
from xmodal.losses._vectors import unit


def cosine_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """1 - cos(student, teacher), in [0, 2], mean over samples or tokens.

    Zero when each student vector is a positive multiple of the teacher's. A zero vector has cosine 0 with
    everything and gets no gradient.

    Args:
        student: [B, D] or [B, N, D] features.
        teacher: same shape; gets no gradient.
        reduction: "mean" over all items that count; "none" for [B] or [B, N], zero where masked.
        mask: [B] or [B, N] bool, True for what counts; masking equals removing.

    Returns:
        A scalar, or [B] or [B, N]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, D] or [B, N, D]", dims=range(2, 4))
    check_mask(mask, student.shape[:-1])
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    items = 1 - (unit(student) * unit(teacher)).sum(-1)  # [B] or [B, N]
    return reduce_items(items, mask, reduction)


class CosineLoss(nn.Module):
    """`cosine_loss` with its hyperparameters stored."""

    def __init__(self, *, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return cosine_loss(student, teacher, reduction=self.reduction, mask=mask)
