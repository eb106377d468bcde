"""The student regresses the teacher's map inside of enlarged boxes, where the teacher responds at all.

The masked feature term of CRKD (CVPR 2024). Evidence: exact.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from xmodal.losses._checks import check_items, check_known
from xmodal.losses._items import blank
from xmodal.losses._precision import lift_pair
from xmodal.losses.geometry._maps import (
    check_foreground,
    check_map_pair,
    count_samples,
    weighted_mean,
    weights,
    without_background,
)

Form = Literal["paper", "released"]


def mask_scaling_loss(
    student: Tensor,
    teacher: Tensor,
    foreground: Tensor,
    *,
    form: Form = "paper",
    mask: Tensor | None = None,
) -> Tensor:
    """Half the mean squared difference over the channels of the foreground cells in which the teacher is not all 0.

    Zero when the maps agree there. The source's foreground is `box_mask` of boxes from `enlarged_sizes`; its weight
    is 10. There is no value per sample: all cells of the batch share one mean.

    Args:
        student: [B, C, H, W].
        teacher: same shape; gets no gradient.
        foreground: [B, H, W], 0/1 or bool; other weights >= 0 weigh the mean.
        form: "paper"; "released" divides the mean by the number of samples once more, as the source's code does.
        mask: [B] bool, True for what counts; masking equals removing the samples.

    Returns:
        A scalar, 0 without any such cell; float32, or float64 for float64 inputs; in squared units of the maps.

    Raises:
        ValueError: shapes or mask that do not fit, an unknown form.
    """
    check_map_pair(student, teacher, mask)
    check_foreground(foreground, student)
    check_known("form", form, ("paper", "released"))
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    weight = weights(foreground, student, mask)  # [B, H, W]
    weight = torch.where((teacher != 0).any(1), weight, 0)
    half_squared = without_background(student - teacher, weight).square().mean(1) / 2
    loss = weighted_mean(half_squared, weight)
    return loss / count_samples(student, mask) if form == "released" else loss


def enlarged_sizes(sizes_m: Tensor, centres_m: Tensor, velocities_m_s: Tensor) -> Tensor:
    """Sizes of labelled boxes, larger for the far and the fast, whose returns a radar spreads the most.

    A quarter more between 20 and 30 m, half more from 30 m on; along each axis also a quarter more for a speed of 0.3
    to 0.8 m/s along it, half more from 0.8 m/s on; in all at least 0.5 m and at most 4 m more. Steps and limits
    are those of the source's code.

    Args:
        sizes_m: [M, 2] along x and y.
        centres_m: [M, 2] x and y from the sensor.
        velocities_m_s: [M, 2] along x and y.

    Returns:
        [M, 2].

    Raises:
        ValueError: shapes that differ.
    """
    check_items("centres_m", centres_m, sizes_m.shape)
    check_items("velocities_m_s", velocities_m_s, sizes_m.shape)
    distance: Tensor = torch.linalg.vector_norm(centres_m, dim=-1, keepdim=True)
    by_distance = 0.25 * (distance > 20) + 0.25 * (distance >= 30)
    by_speed = 0.25 * (velocities_m_s.abs() > 0.3) + 0.25 * (velocities_m_s.abs() >= 0.8)
    return sizes_m + (sizes_m * (by_distance + by_speed)).clamp(0.5, 4.0)


class MaskScalingLoss(nn.Module):
    """`mask_scaling_loss` with its hyperparameters stored."""

    def __init__(self, *, form: Form = "paper") -> None:
        super().__init__()
        self.form: Form = form

    def forward(self, student: Tensor, teacher: Tensor, foreground: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return mask_scaling_loss(student, teacher, foreground, form=self.form, mask=mask)
