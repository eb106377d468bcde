"""The student's heat map of objects follows the teacher's, mostly where they are far apart.

The classification part of the response term of CRKD (CVPR 2024), a quality focal loss (Li et al.: Generalized Focal
Loss, arXiv 2006.04388) with the teacher as the quality. Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._items import blank
from xmodal.losses._precision import lift_pair
from xmodal.losses.geometry._maps import check_map_pair

LEAST_PROBABILITY = 1e-4


def quality_focal_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    exponent: float = 2.0,
    threshold: float = 0.3,
    mask: Tensor | None = None,
) -> Tensor:
    """Sum of |p_student - p_teacher|^exponent BCE(p_student, p_teacher) / number of p_teacher > threshold, at least 1.

    p = sigmoid(logits), kept in [1e-4, 1 - 1e-4]. Zero for equal logits (exponent > 0), although the cross-entropy of
    soft probabilities is not. A sum over all classes and cells of the batch, so there is no value per sample. The
    source's weight is 2 for most groups of classes and 1 for barriers and for pedestrians with cones.

    Args:
        student: [B, K, H, W] logits of K classes of objects.
        teacher: same shape; gets no gradient.
        exponent: >= 0; 0 is the plain cross-entropy.
        threshold: of the teacher's probabilities that count as objects.
        mask: [B] bool, True for what counts; masking equals removing the samples.

    Returns:
        A scalar; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit.
    """
    check_map_pair(student, teacher, mask)
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    p_student, p_teacher = (z.sigmoid().clamp(LEAST_PROBABILITY, 1 - LEAST_PROBABILITY) for z in (student, teacher))
    entropy = -p_teacher * p_student.log() - (1 - p_teacher) * (-p_student).log1p()
    samples = blank((p_student - p_teacher).abs().pow(exponent) * entropy, mask)
    objects = blank(p_teacher > threshold, mask)
    return samples.sum() / objects.sum().clamp_min(1)


class QualityFocalLoss(nn.Module):
    """`quality_focal_loss` with its hyperparameters stored."""

    def __init__(self, *, exponent: float = 2.0, threshold: float = 0.3) -> None:
        super().__init__()
        self.exponent, self.threshold = exponent, threshold

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return quality_focal_loss(student, teacher, exponent=self.exponent, threshold=self.threshold, mask=mask)
