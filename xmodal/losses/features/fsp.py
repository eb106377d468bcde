"""Between two of its layers the student changes its features as the teacher does between two of its own.

Yim et al.: A Gift from Knowledge Distillation, CVPR 2017; as in HobbitLong/RepDistiller. Evidence: exact (that code).
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_channels, check_mask
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair, without_autocast
from xmodal.losses.features._maps import on_one_grid


def fsp_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    student_next: Tensor,
    teacher_next: Tensor,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """Mean squared difference of the flow matrices: channel c of one layer times channel d of the next, over positions.

    Zero when all products of channels agree; moving all positions of one model in the same way changes nothing, nor
    does multiplying its first layer and dividing its next by one number.

    Args:
        student: [B, C, H, W] features of an earlier layer.
        teacher: [B, C, H', W'] features of the teacher's earlier layer; gets no gradient.
        student_next: [B, D, h, w] features of a later layer. Where the sizes of a model's two layers differ, the
            larger is averaged first.
        teacher_next: [B, D, h', w'] features of the teacher's later layer; gets no gradient.
        reduction: "mean" over samples that count; "none" for the mean over C * D only, [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs; in the fourth power of the features' unit.

    Raises:
        ValueError: shapes or mask that do not fit, an unknown reduction.
    """
    check_channels(student, teacher)
    check_channels(student_next, teacher_next)
    if len(student_next) != len(student):
        raise ValueError(f"expected student_next [B, ...] with B = {len(student)}, found {list(student_next.shape)}")
    check_mask(mask, student.shape[:1])
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    student_next, teacher_next = lift_pair(blank(student_next, mask), blank(teacher_next, mask))
    with without_autocast(student):
        difference = _flow(student, student_next) - _flow(teacher, teacher_next)  # [B, C, D]
    return reduce_items(difference.square().mean((1, 2)), mask, reduction)


def _flow(first: Tensor, second: Tensor) -> Tensor:
    """[B, C, H, W] and [B, D, h, w] -> [B, C, D]"""
    first, second = (x.flatten(2) for x in on_one_grid(first, second.to(first.dtype)))
    return first @ second.transpose(1, 2) / first.shape[2]


class FSPLoss(nn.Module):
    """`fsp_loss` with its hyperparameters stored."""

    def __init__(self, *, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction: Reduction = reduction

    def forward(
        self,
        student: Tensor,
        teacher: Tensor,
        *,
        student_next: Tensor,
        teacher_next: Tensor,
        mask: Tensor | None = None,
    ) -> Tensor:
        return fsp_loss(
            student,
            teacher,
            student_next=student_next,
            teacher_next=teacher_next,
            reduction=self.reduction,
            mask=mask,
        )
