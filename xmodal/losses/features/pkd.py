"""Each channel of the student correlates with the teacher's over all places of the batch.

Cao et al.: PKD: General Distillation Framework for Object Detectors via Pearson Correlation Coefficient, NeurIPS 2022,
arXiv 2207.02039; as in open-mmlab/mmrazor. Evidence: exact (that code).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xmodal.losses._checks import check_mask, check_same_shape
from xmodal.losses._precision import lift_pair

EPS = 1e-6


def pkd_loss(student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """Half the mean squared difference of the maps, each channel standardised over samples and places of the batch.

    Up to the factor (n - 1) / n of n places this is 1 minus Pearson's correlation, mean over channels: zero when each
    channel of the student is the teacher's, scaled by a positive number and moved. A constant channel counts as zero
    and gets no gradient. There is no value per sample, since all samples share the statistics.

    Args:
        student: [B, C, H, W] features.
        teacher: same shape; gets no gradient.
        mask: [B] bool, True for what counts; masking equals removing the samples, from the statistics too.

    Returns:
        A scalar in [0, 2]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit.
    """
    check_same_shape(student, teacher, expected="[B, C, H, W]", dims=range(4, 5))
    check_mask(mask, student.shape[:1])
    if mask is not None:
        student, teacher = student[mask], teacher[mask]
    student, teacher = lift_pair(student, teacher)
    difference = _standardised(student) - _standardised(teacher)
    return difference.square().sum() / max(2 * difference.numel(), 1)


def _standardised(x: Tensor) -> Tensor:
    """[B, C, H, W] with mean 0 and standard deviation 1 per channel, which is 0 where a channel is constant."""
    places = x[:, 0].numel()
    x = x - x[:1, :, :1, :1].detach()  # a constant channel is then zero, which no rounding of its mean moves
    centred = x - x.sum((0, 2, 3), keepdim=True) / max(places, 1)
    length = torch.linalg.vector_norm(centred, dim=(0, 2, 3), keepdim=True)
    deviation = length / max(places - 1, 1) ** 0.5  # [1, C, 1, 1]
    return torch.where(deviation > 0, centred / (deviation + EPS), 0)


class PKDLoss(nn.Module):
    """`pkd_loss` as a module; it has no hyperparameters."""

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return pkd_loss(student, teacher, mask=mask)
