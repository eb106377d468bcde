"""The cells of the student's map are as similar to each other as those of the teacher's.

The relation term of CRKD (CVPR 2024), after MonoDistill. Evidence: exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_known
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair, without_autocast
from xmodal.losses.geometry._maps import check_grids, count_samples

Form = Literal["paper", "released"]
SIZES = (32, 16, 8, 4)


def affinity_matrix_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    sizes: Sequence[int] = SIZES,
    form: Form = "paper",
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """Sum over sizes n of the mean absolute difference of the n^2 x n^2 matrices F^T F, F [C, n^2] resized maps.

    Products, not cosines: F is not normalised. Zero when the student's features are the teacher's, rotated in the
    space of channels, so the maps may differ in width. In the source a small convolution of the student comes first
    at each size; it is the caller's. The source's weight is 0.25. Memory grows as B n^4.

    Args:
        student: [B, Cs, H, W].
        teacher: [B, Ct, H, W]; gets no gradient.
        sizes: both maps are resized to n x n, bilinearly, for each n.
        form: "paper"; "released" divides by the number of samples once more, as the source's code does.
        reduction: "mean" over samples that count; "none" for [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing the samples.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs; in squared units of the maps.

    Raises:
        ValueError: shapes or mask that do not fit, an unknown form or reduction.
    """
    check_grids(student, teacher, mask)
    check_known("form", form, ("paper", "released"))
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    items = student.new_zeros(len(student))
    for size in sizes:
        items = items + (_affinity(student, size) - _affinity(teacher, size)).abs().mean((1, 2))
    if form == "released":
        items = items / count_samples(student, mask)
    return reduce_items(items, mask, reduction)


def _affinity(x: Tensor, size: int) -> Tensor:
    """[B, C, H, W] -> [B, n^2, n^2]."""
    features = F.interpolate(x, size=(size, size), mode="bilinear", align_corners=False).flatten(2)  # [B, C, n^2]
    with without_autocast(x):
        return torch.bmm(features.transpose(1, 2), features)


class AffinityMatrixLoss(nn.Module):
    """`affinity_matrix_loss` with its hyperparameters stored."""

    def __init__(self, *, sizes: Sequence[int] = SIZES, form: Form = "paper", reduction: Reduction = "mean") -> None:
        super().__init__()
        self.sizes = tuple(sizes)
        self.form: Form = form
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return affinity_matrix_loss(
            student, teacher, sizes=self.sizes, form=self.form, reduction=self.reduction, mask=mask
        )
