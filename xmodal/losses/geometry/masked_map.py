"""The student regresses the teacher's map where there are objects.

The dense term of BEVDistill (ICLR 2023). Evidence: exact.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from xmodal.losses._checks import check_known
from xmodal.losses._items import blank
from xmodal.losses._precision import lift_pair
from xmodal.losses.geometry._maps import check_foreground, check_map_pair, weighted_mean, weights, without_background

Form = Literal["mean", "released"]


def masked_map_loss(
    student: Tensor,
    teacher: Tensor,
    foreground: Tensor,
    *,
    form: Form = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """Mean over cells, weighted by the foreground, of the mean squared difference over channels.

    Zero when the maps agree wherever the foreground is not 0; scaling the foreground changes nothing. The source's
    foreground is `gaussian_mask` of the labelled boxes, its weight 0.01 goes with form "released". There is no value
    per sample: all cells of the batch share one sum of weights.

    Args:
        student: [B, C, H, W].
        teacher: same shape; gets no gradient.
        foreground: [B, H, W], weights >= 0 or bool.
        form: "mean"; "released" sums over the channels, as the source's code does, so it is C times as large.
        mask: [B] bool, True for what counts; masking equals removing the samples.

    Returns:
        A scalar, 0 without any foreground; float32, or float64 for float64 inputs; in squared units of the maps.

    Raises:
        ValueError: shapes or mask that do not fit, an unknown form.
    """
    check_map_pair(student, teacher, mask)
    check_foreground(foreground, student)
    check_known("form", form, ("mean", "released"))
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    weight = weights(foreground, student, mask)  # [B, H, W]
    squared = without_background(student - teacher, weight).square()
    return weighted_mean(squared.mean(1) if form == "mean" else squared.sum(1), weight)


class MaskedMapLoss(nn.Module):
    """`masked_map_loss` with its hyperparameters stored."""

    def __init__(self, *, form: Form = "mean") -> None:
        super().__init__()
        self.form: Form = form

    def forward(self, student: Tensor, teacher: Tensor, foreground: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return masked_map_loss(student, teacher, foreground, form=self.form, mask=mask)
