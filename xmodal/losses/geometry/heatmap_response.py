"""The student's heat map of objects equals the teacher's around the labelled ones.

The classification part of the response term of UniDistill (CVPR 2023). Evidence: exact.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from xmodal.losses._checks import check_known
from xmodal.losses._items import blank
from xmodal.losses._precision import lift_pair
from xmodal.losses.geometry._maps import check_foreground, check_map_pair, weights, without_background
from xmodal.losses.geometry._sampling import guarded

Form = Literal["paper", "released"]


def heatmap_response_loss(
    student: Tensor,
    teacher: Tensor,
    foreground: Tensor,
    *,
    form: Form = "paper",
    mask: Tensor | None = None,
) -> Tensor:
    """Foreground-weighted mean over cells of | max over classes p_student - max over classes p_teacher |.

    p = sigmoid(logits), kept in [1e-4, 1 - 1e-4]; 1e-4 is added to the sum of weights. Only the largest class of each
    side counts, which need not be the same class. Zero when the largest logits agree in the foreground (form
    "paper"). There is no value per sample. The source's foreground is `gaussian_mask` of the labelled boxes; its
    weights, also for `box_response_loss`: 1 for a LiDAR student of a camera teacher, 10 for the other pairs.

    Args:
        student: [B, K, H, W] logits of K classes of objects, those of all heads side by side.
        teacher: same shape; gets no gradient.
        foreground: [B, H, W], weights >= 0 or bool.
        form: "paper" treats both alike; "released" halves the teacher's logits and keeps its p in [1e-3, 1 - 1e-3],
            as the source's code does, and is then not zero for equal logits.
        mask: [B] bool, True for what counts; masking equals removing the samples.

    Returns:
        A scalar in [0, 1], 0 without any foreground; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, an unknown form.
    """
    check_map_pair(student, teacher, mask)
    check_foreground(foreground, student)
    check_known("form", form, ("paper", "released"))
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    weight = weights(foreground, student, mask)  # [B, H, W]
    student, teacher = without_background(student, weight), without_background(teacher, weight)
    softness, least = (2, 1e-3) if form == "released" else (1, 1e-4)
    p_student = student.sigmoid().clamp(1e-4, 1 - 1e-4).amax(1)
    p_teacher = (teacher / softness).sigmoid().clamp(least, 1 - least).amax(1)
    return ((p_student - p_teacher).abs() * weight).sum() / guarded(weight.sum())


class HeatmapResponseLoss(nn.Module):
    """`heatmap_response_loss` with its hyperparameters stored."""

    def __init__(self, *, form: Form = "paper") -> None:
        super().__init__()
        self.form: Form = form

    def forward(self, student: Tensor, teacher: Tensor, foreground: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return heatmap_response_loss(student, teacher, foreground, form=self.form, mask=mask)
