"""A denoiser, conditioned on the student's features, predicts the occupancy of the next sweep.

The occupancy term of HilDA (ECCV 2026, arXiv 2606.20189): a re-implementation from the description, which gives the
equation; means over elements, not sums, are ours, and so is the default weight, which was not published in a form we
could read. Evidence: described.
"""

from __future__ import annotations

import sys

from torch import Tensor, nn

from xmodal.losses._checks import check_items, check_mask, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair


def occupancy_loss(
    student: Tensor,
    teacher: Tensor,
    predicted_occupancy: Tensor,
    occupancy: Tensor,
    *,
    occupancy_weight: float = 1.0,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """Mean of (noise - predicted noise)^2 plus occupancy_weight times the mean of (occupancy - its prediction)^2.

    The occupancy x is that of the next sweep, in the frame of this one, without ground; the denoiser sees
    sqrt(a) x + sqrt(1 - a) noise and the features. Zero when both are right. Where the predicted occupancy is
    derived from the predicted noise alone, the second term is (1 - a) / a times the first.

    Args:
        student: [B, ...] the predicted noise; the gradient goes on to the features that it was conditioned on.
        teacher: same shape, the noise that was drawn; gets no gradient.
        predicted_occupancy: same shape; gets a gradient.
        occupancy: same shape, 0 or 1.
        occupancy_weight: lambda of the source.
        reduction: "mean" over samples that count; "none" for [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing the samples.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, ...]", dims=range(2, sys.maxsize))
    check_items("predicted_occupancy", predicted_occupancy, student.shape)
    check_items("occupancy", occupancy, student.shape)
    check_mask(mask, student.shape[:1])
    noise, drawn = lift_pair(blank(student, mask), blank(teacher, mask))
    predicted, seen = lift_pair(blank(predicted_occupancy, mask), blank(occupancy, mask))
    first = (noise - drawn).square().flatten(1).mean(1)  # [B]
    second = (predicted - seen).square().flatten(1).mean(1)
    return reduce_items(first + occupancy_weight * second.to(first.dtype), mask, reduction)


class OccupancyLoss(nn.Module):
    """`occupancy_loss` with its hyperparameters stored."""

    def __init__(self, *, occupancy_weight: float = 1.0, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.occupancy_weight = occupancy_weight
        self.reduction: Reduction = reduction

    def forward(
        self,
        student: Tensor,
        teacher: Tensor,
        predicted_occupancy: Tensor,
        occupancy: Tensor,
        *,
        mask: Tensor | None = None,
    ) -> Tensor:
        return occupancy_loss(
            student,
            teacher,
            predicted_occupancy,
            occupancy,
            occupancy_weight=self.occupancy_weight,
            reduction=self.reduction,
            mask=mask,
        )
