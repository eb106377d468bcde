"""The student responds in the cells in which the teacher does.

The mask term of the activation-based distillation of RadarDistill (CVPR 2024). Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair
from xmodal.losses.geometry._maps import check_map_pair


def activation_mask_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """Mean over cells of | sigmoid(sum over channels of the student) - [sum over channels of the teacher > 0] |.

    It tends to 0 when the student's sums go to plus infinity where the teacher responds and to minus infinity
    elsewhere; after a ReLU the sum is never negative, so a silent cell costs 0.5 there. Only the sign of the
    teacher's sums matters, not their size.

    Args:
        student: [B, C, H, W].
        teacher: same shape; gets no gradient.
        reduction: "mean" over samples that count; "none" for [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing the samples.

    Returns:
        A scalar or [B] in [0, 1]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, an unknown reduction.
    """
    check_map_pair(student, teacher, mask)
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    difference = student.sum(1).sigmoid() - (teacher.sum(1) > 0).to(student.dtype)  # [B, H, W]
    return reduce_items(difference.abs().mean((1, 2)), mask, reduction)


class ActivationMaskLoss(nn.Module):
    """`activation_mask_loss` with its hyperparameters stored."""

    def __init__(self, *, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return activation_mask_loss(student, teacher, reduction=self.reduction, mask=mask)
