"""The student's features tell the teacher's as well as a Gaussian around a prediction can, channel by channel.

Ahn et al.: Variational Information Distillation for Knowledge Transfer, CVPR 2019, arXiv 1904.05835; as in
HobbitLong/RepDistiller and megvii-research/mdistiller. Evidence: exact.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_mask, check_positive, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair
from xmodal.losses.features._maps import on_one_grid

LEAST_VARIANCE = 1e-5


def vid_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    variance: Tensor,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """((student - teacher)^2 / variance + log variance) / 2, mean over all elements.

    The negative log-likelihood of the teacher's features, up to a constant: negative where the variance is below 1
    and the prediction good. For a given error it is least when the variance is the mean squared error of the channel.

    Args:
        student: [B, C, H, W] or [B, C]: the mean that the student predicts.
        teacher: same shape; gets no gradient.
        variance: [C], above zero (which is not checked), in squared units of the features; gets a gradient.
        reduction: "mean" over samples that count; "none" for [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, C, H, W] or [B, C]", dims=range(2, 5, 2))
    check_mask(mask, student.shape[:1])
    if variance.shape != student.shape[1:2]:
        raise ValueError(f"expected variance [{student.shape[1]}], found {list(variance.shape)}")
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    variance = variance.to(student.dtype).reshape(-1, *[1] * (student.ndim - 2))
    items = ((student - teacher).square() / variance + variance.log()) / 2
    return reduce_items(items.flatten(1).mean(1), mask, reduction)


class VIDLoss(nn.Module):
    """`vid_loss` with its regressor, three 1x1 convolutions without bias, and one learned variance per channel.

    Both are parameters: give them to the optimiser. The variance starts at `variance`; one public implementation
    (mdistiller) keeps it in a plain list, so that it never moves from there. It is what lets the loss care less about
    channels that the student cannot tell.

    Args:
        student_channels: Cs of the student's features.
        teacher_channels: Ct of the teacher's.
        hidden: width between the convolutions; None for Ct.
        variance: > 1e-5: where each channel's variance starts, in squared units of the teacher's features.
        reduction: as in `vid_loss`.

    Raises:
        ValueError: a variance that is not above 1e-5.
    """

    def __init__(
        self,
        student_channels: int,
        teacher_channels: int,
        *,
        hidden: int | None = None,
        variance: float = 5.0,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        check_positive(f"variance - {LEAST_VARIANCE}", variance - LEAST_VARIANCE)
        width = teacher_channels if hidden is None else hidden
        self.regressor = nn.Sequential(
            nn.Conv2d(student_channels, width, 1, bias=False),
            nn.ReLU(),
            nn.Conv2d(width, width, 1, bias=False),
            nn.ReLU(),
            nn.Conv2d(width, teacher_channels, 1, bias=False),
        )
        start = math.log(math.expm1(variance - LEAST_VARIANCE))
        self.raw_variance = nn.Parameter(torch.full((teacher_channels,), start))
        self.reduction: Reduction = reduction

    def variance(self) -> Tensor:
        """[Ct]: softplus of the parameter, at least 1e-5."""
        return F.softplus(self.raw_variance) + LEAST_VARIANCE

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        """The loss of [B, Cs, H, W] or [B, Cs] against [B, Ct, H', W'] or [B, Ct]; the larger map is averaged first."""
        vectors = student.ndim == 2
        student, teacher = blank(student, mask), blank(teacher, mask)
        if vectors:
            student = student[:, :, None, None]
        elif student.ndim == teacher.ndim == 4:
            student, teacher = on_one_grid(student, teacher)
        mean = self.regressor(student.to(self.raw_variance.dtype))
        mean = mean[:, :, 0, 0] if vectors else mean
        return vid_loss(mean, teacher, variance=self.variance(), reduction=self.reduction, mask=mask)
