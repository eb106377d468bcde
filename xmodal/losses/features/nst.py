"""The student's channels fire at the same places as the teacher's do, as two sets of patterns in any order.

Huang, Wang: Like What You Like: Knowledge Distill via Neuron Selectivity Transfer, arXiv 1707.01219; as in
megvii-research/mdistiller and HobbitLong/RepDistiller. Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_maps, check_mask
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair, without_autocast
from xmodal.losses._vectors import unit
from xmodal.losses.features._maps import on_one_grid


def nst_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """Squared maximum mean discrepancy, kernel (a . b)^2, between the channels' unit maps of student and teacher.

    Each sample's channels are a set of vectors over positions: the mean kernel inside the student's set, plus that
    inside the teacher's (a constant), minus twice that between the two. Zero when the sets agree in their second
    moments; the order, the number, the sign and the scale of channels do not matter. A channel that is zero
    everywhere has kernel 0 with all and gets no gradient. The usual weight is 50.

    Args:
        student: [B, Cs, H, W] features.
        teacher: [B, Ct, H', W'] features; gets no gradient. Where the sizes differ, the larger is averaged first.
        reduction: "mean" over samples that count; "none" for [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs; no unit. Memory grows as B * C * C.

    Raises:
        ValueError: shapes or mask that do not fit, an unknown reduction.
    """
    check_maps(student, teacher)
    check_mask(mask, student.shape[:1])
    student, teacher = on_one_grid(*lift_pair(blank(student, mask), blank(teacher, mask)))
    ours, theirs = unit(student.flatten(2)), unit(teacher.flatten(2))  # [B, C, H * W]
    with without_autocast(student):
        items = _mean_kernel(theirs, theirs) + _mean_kernel(ours, ours) - 2 * _mean_kernel(ours, theirs)  # [B]
    return reduce_items(items, mask, reduction)


def _mean_kernel(a: Tensor, b: Tensor) -> Tensor:
    """[B, C, P] and [B, C', P] -> [B]"""
    return (a @ b.transpose(1, 2)).square().mean((1, 2))


class NSTLoss(nn.Module):
    """`nst_loss` with its hyperparameters stored."""

    def __init__(self, *, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return nst_loss(student, teacher, reduction=self.reduction, mask=mask)
