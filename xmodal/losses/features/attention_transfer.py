"""The student looks where the teacher looks: the energy of its features is spread over the image in the same way.

Zagoruyko, Komodakis: Paying More Attention to Attention, ICLR 2017, arXiv 1612.03928; the released form as in
megvii-research/mdistiller and HobbitLong/RepDistiller. Evidence: exact (released form); recalled (paper form).
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from xmodal.losses._checks import check_known, check_maps, check_mask, check_positive
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair
from xmodal.losses._vectors import unit
from xmodal.losses.features._maps import on_one_grid

Form = Literal["released", "paper"]


def attention_transfer_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    power: float = 2.0,
    form: Form = "released",
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """Difference of the attention maps: |feature|^power averaged over channels, as a unit vector over positions.

    Zero when the student's map of energy is a positive multiple of the teacher's, so scaling either side changes
    nothing. A sample whose features are all zero has attention zero and gets no gradient.

    Args:
        student: [B, Cs, H, W] features.
        teacher: [B, Ct, H', W'] features; gets no gradient. Where the sizes differ, the larger is averaged first.
        power: > 0; the larger, the more the strongest positions count. Below 1 a feature of exactly 0 has no
            finite slope.
        form: "released": the mean over positions of the squared difference, for which the usual weight is 1000;
            "paper": the Euclidean length of the difference.
        reduction: "mean" over samples that count; "none" for [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs; no unit.

    Raises:
        ValueError: shapes or mask that do not fit, power <= 0, an unknown form or reduction.
    """
    check_maps(student, teacher)
    check_mask(mask, student.shape[:1])
    check_positive("power", power)
    check_known("form", form, ("released", "paper"))
    student, teacher = on_one_grid(*lift_pair(blank(student, mask), blank(teacher, mask)))
    difference = _attention(student, power) - _attention(teacher, power)  # [B, H * W]
    if form == "released":
        return reduce_items(difference.square().mean(-1), mask, reduction)
    return reduce_items(torch.linalg.vector_norm(difference, dim=-1), mask, reduction)


def _attention(x: Tensor, power: float) -> Tensor:
    """[B, C, H, W] -> [B, H * W] unit vectors."""
    return unit(x.abs().pow(power).mean(1).flatten(1))


class AttentionTransferLoss(nn.Module):
    """`attention_transfer_loss` with its hyperparameters stored."""

    def __init__(self, *, power: float = 2.0, form: Form = "released", reduction: Reduction = "mean") -> None:
        super().__init__()
        self.power = power
        self.form: Form = form
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return attention_transfer_loss(
            student, teacher, power=self.power, form=self.form, reduction=self.reduction, mask=mask
        )
