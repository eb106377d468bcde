"""Only the fine detail of the logits is taken over: the high-frequency part of a wavelet transform over the classes.

FiGKD, arXiv 2505.11897. A re-implementation from the description: wavelet, level and equation are ours.
Evidence: described.
"""

from __future__ import annotations

import math

from torch import Tensor, nn

from xmodal.losses._checks import check_mask, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair


def figkd_loss(
    student: Tensor, teacher: Tensor, *, reduction: Reduction = "mean", mask: Tensor | None = None
) -> Tensor:
    """|details(student) - details(teacher)|^2, summed over details, with details (z_2i - z_2i+1) / sqrt(2) (Haar).

    The loss depends on the order of the classes: neighbours 0 and 1, 2 and 3, ... are compared with each other and
    with nobody else. Sort the classes so that what is hard to tell apart lies side by side. An odd C is padded by its
    last class, the usual edge of a wavelet, whose detail is then zero: that class does not count.

    Zero when both logits of each pair differ from the teacher's by the same amount. The level of a pair, which the
    loss leaves free, is for the labels to teach.

    Args:
        student: [B, C] or [B, N, C] logits.
        teacher: same shape; gets no gradient.
        reduction: "mean" over all items that count; "none" for [B] or [B, N], zero where masked.
        mask: [B] or [B, N] bool, True for what counts; masking equals removing.

    Returns:
        A scalar, or [B] or [B, N]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, C] or [B, N, C]", dims=range(2, 4))
    check_mask(mask, student.shape[:-1])
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    items = (_details(student) - _details(teacher)).square().sum(-1)  # [B] or [B, N]
    return reduce_items(items, mask, reduction)


def _details(logits: Tensor) -> Tensor:
    """[..., C] -> [..., C // 2]; a padded last class would add a zero, so it is left out."""
    even = logits.shape[-1] // 2 * 2
    return (logits[..., 0:even:2] - logits[..., 1:even:2]) / math.sqrt(2)


class FiGKDLoss(nn.Module):
    """`figkd_loss` with its hyperparameters stored."""

    def __init__(self, *, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return figkd_loss(student, teacher, reduction=self.reduction, mask=mask)
