"""The student's maps of box sizes and places equal the teacher's around the labelled objects.

The regression part of the response term of UniDistill (CVPR 2023). Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._items import blank
from xmodal.losses._precision import lift_pair
from xmodal.losses.geometry._maps import check_foreground, check_map_pair, weights, without_background
from xmodal.losses.geometry._sampling import guarded


def box_response_loss(student: Tensor, teacher: Tensor, foreground: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """Foreground-weighted mean over cells of the mean absolute difference over channels.

    1e-4 is added to the sum of weights. Zero when the maps agree wherever the foreground is not 0. There is no value
    per sample. Foreground and weights of the source: see `heatmap_response_loss`.

    Args:
        student: [B, C, H, W], the regression maps of all heads side by side.
        teacher: same shape; gets no gradient.
        foreground: [B, H, W], weights >= 0 or bool.
        mask: [B] bool, True for what counts; masking equals removing the samples.

    Returns:
        A scalar, 0 without any foreground; float32, or float64 for float64 inputs; in units of the maps.

    Raises:
        ValueError: shapes or mask that do not fit.
    """
    check_map_pair(student, teacher, mask)
    check_foreground(foreground, student)
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    weight = weights(foreground, student, mask)  # [B, H, W]
    cells = without_background(student - teacher, weight).abs().mean(1)
    return (cells * weight).sum() / guarded(weight.sum())


class BoxResponseLoss(nn.Module):
    """`box_response_loss` as a module; it has no hyperparameters."""

    def forward(self, student: Tensor, teacher: Tensor, foreground: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return box_response_loss(student, teacher, foreground, mask=mask)
