"""The student's map approaches the teacher's where both respond, and more gently where only the student does.

The feature term of the activation-based distillation of RadarDistill (CVPR 2024). Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair
from xmodal.losses.geometry._maps import check_map_pair


def activation_map_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    active_weight: float = 3e-4,
    inactive_weight: float = 5e-5,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """Squared differences, summed over channels and cells: active_weight on AR, inactive_weight |AR| / |IR| on IR.

    A map responds in a cell when its channels sum to more than 0. AR: both respond; IR: the student responds, the
    teacher does not; both are counted over the whole batch. Cells where the student is silent have no influence.
    Zero when the maps agree in AR and IR. Sums, not means: the default weights belong to maps of 256 x 180 x 180.
    The source adds half of this loss and half of `activation_mask_loss`, over two maps of the student, times 5.
    Where IR is empty its term is 0 here; the source's code gives NaN there.

    Args:
        student: [B, C, H, W], after a ReLU in the source.
        teacher: same shape; gets no gradient.
        active_weight: of the cells in AR.
        inactive_weight: of the cells in IR, all of which together weigh as much as those in AR.
        reduction: "mean" over samples that count; "none" for [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing the samples.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs; in squared units of the maps.

    Raises:
        ValueError: shapes or mask that do not fit, an unknown reduction.
    """
    check_map_pair(student, teacher, mask)
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    responds, shown = student.detach().sum(1) > 0, teacher.sum(1) > 0  # [B, H, W]
    both, student_only = responds & shown, responds & ~shown
    ratio = (both.sum() / student_only.sum().clamp_min(1)).to(student.dtype)
    weight = active_weight * both.to(student.dtype) + inactive_weight * ratio * student_only
    squared = (student - teacher).square().sum(1)  # [B, H, W]
    return reduce_items((squared * weight).sum((1, 2)), mask, reduction)


class ActivationMapLoss(nn.Module):
    """`activation_map_loss` with its hyperparameters stored."""

    def __init__(
        self, *, active_weight: float = 3e-4, inactive_weight: float = 5e-5, reduction: Reduction = "mean"
    ) -> None:
        super().__init__()
        self.active_weight, self.inactive_weight = active_weight, inactive_weight
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return activation_map_loss(
            student,
            teacher,
            active_weight=self.active_weight,
            inactive_weight=self.inactive_weight,
            reduction=self.reduction,
            mask=mask,
        )
