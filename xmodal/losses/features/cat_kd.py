"""The student sees each class where the teacher sees it.

Guo et al.: Class Attention Transfer Based Knowledge Distillation, CVPR 2023, arXiv 2304.12777 (code
GzyAftermath/CAT-KD). Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_channels, check_mask, check_positive
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair
from xmodal.losses._vectors import unit
from xmodal.losses.features._maps import pooled


def cat_kd_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    resolution: int = 2,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """Mean squared difference of the class activation maps, averaged on a coarse grid, then of length 1 per class.

    Zero when each class's coarse map is a positive multiple of the teacher's. A class map that is zero everywhere
    gets no gradient. Class activation maps are the channels of a last convolution with one channel a class, before
    pooling: rewrite a linear classifier over pooled features as a 1x1 convolution. The source's weight is 400.

    Args:
        student: [B, C, H, W] class activation maps, C classes.
        teacher: [B, C, H', W'] those of the teacher, of any size; gets no gradient.
        resolution: > 0: cells along each side of the coarse grid.
        reduction: "mean" over samples that count; "none" for [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs; no unit.

    Raises:
        ValueError: shapes or mask that do not fit, resolution <= 0, an unknown reduction.
    """
    check_channels(student, teacher)
    check_mask(mask, student.shape[:1])
    check_positive("resolution", resolution)
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    difference = _coarse(student, resolution) - _coarse(teacher, resolution)
    return reduce_items(difference.square().mean((1, 2)), mask, reduction)


def _coarse(x: Tensor, resolution: int) -> Tensor:
    """[B, C, H, W] -> [B, C, resolution^2] unit vectors."""
    return unit(pooled(x, resolution, resolution).flatten(2))


class CATKDLoss(nn.Module):
    """`cat_kd_loss` with its hyperparameters stored."""

    def __init__(self, *, resolution: int = 2, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.resolution = resolution
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return cat_kd_loss(student, teacher, resolution=self.resolution, reduction=self.reduction, mask=mask)
