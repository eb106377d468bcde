"""The student's map agrees with the teacher's at several resolutions.

Hierarchical context loss of Chen et al.: Distilling Knowledge via Knowledge Review, CVPR 2021, arXiv 2104.09044; as in
megvii-research/mdistiller. Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_mask, check_positive, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair
from xmodal.losses.features._maps import pooled

LEVELS = (4, 2, 1)


def hcl_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    levels: tuple[int, ...] = LEVELS,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """Mean squared difference of the maps and of their averages on l x l cells, with weights 1, 1/2, 1/4, ...

    The sum is divided by the sum of the weights. A level that is not smaller than the map's smaller side is left
    out, of the divisor too, and takes no power of 1/2. Zero only for equal maps. One call is one stage; the source
    adds the stages.

    Args:
        student: [B, C, H, W] features, such as those of `ReviewFusion`.
        teacher: same shape; gets no gradient.
        levels: numbers of cells along each side, the heaviest first.
        reduction: "mean" over samples that count; "none" for [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs; in squared units of the features.

    Raises:
        ValueError: shapes or mask that do not fit, a level <= 0, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, C, H, W]", dims=range(4, 5))
    check_mask(mask, student.shape[:1])
    for level in levels:
        check_positive("level", level)
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    difference = student - teacher  # averaging is linear, so that one pyramid does for both
    items, weight, total = difference.square().mean((1, 2, 3)), 1.0, 1.0  # [B]
    for level in levels:
        if level < min(student.shape[2:]):
            weight /= 2
            total += weight
            items = items + weight * pooled(difference, level, level).square().mean((1, 2, 3))
    return reduce_items(items / total, mask, reduction)


class HCLLoss(nn.Module):
    """`hcl_loss` with its hyperparameters stored."""

    def __init__(self, *, levels: tuple[int, ...] = LEVELS, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.levels = levels
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return hcl_loss(student, teacher, levels=self.levels, reduction=self.reduction, mask=mask)
