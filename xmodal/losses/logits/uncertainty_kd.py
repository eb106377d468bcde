"""Hinton's distillation, in which an item counts the more, the surer the teacher is of it.

The divergence is that of KD, arXiv 1503.02531; weighing items by 1 - normalised entropy of the teacher is a common
choice that no one source prints, and the weights as they stand here are ours. Evidence: ancestor (KD).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair
from xmodal.losses.logits._distributions import normalised_entropy
from xmodal.losses.logits.kd import kd_loss

SMALLEST_MEAN = 1e-6  # below, confidences are rounding errors


def uncertainty_kd_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    temperature: float = 4.0,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """w T^2 KL(softmax(teacher / T) || softmax(student / T)), w = (1 - H(softmax(teacher)) / log C) over its mean.

    The mean of w over the items that count is 1, so that the loss has the scale of `kd_loss`, and equals it where all
    items have one confidence. Confidence is read at temperature 1. Where no teacher distribution differs from the
    uniform one, all weights are 1.

    Zero when the logits differ by one constant per item.

    Args:
        student: [B, C] or [B, N, C] logits.
        teacher: same shape; gets no gradient.
        temperature: T > 0 of the divergence.
        reduction: "mean" over all items that count; "none" for [B] or [B, N], weights applied, zero where masked.
        mask: [B] or [B, N] bool, True for what counts; masking equals removing.

    Returns:
        A scalar, or [B] or [B, N]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, T <= 0, an unknown reduction.
    """
    items = kd_loss(student, teacher, temperature=temperature, reduction="none", mask=mask)
    return reduce_items(_weights(student, teacher, mask) * items, mask, reduction)


def _weights(student: Tensor, teacher: Tensor, mask: Tensor | None) -> Tensor:
    """[B] or [B, N], with mean 1 over what counts."""
    _, teacher = lift_pair(student, blank(teacher, mask))
    confidence = (1 - normalised_entropy(F.log_softmax(teacher, dim=-1))).clamp_min(0)
    mean = reduce_items(confidence, mask, "mean")
    return torch.where(mean > SMALLEST_MEAN, confidence / mean.clamp_min(SMALLEST_MEAN), 1)


class UncertaintyKDLoss(nn.Module):
    """`uncertainty_kd_loss` with its hyperparameters stored."""

    def __init__(self, *, temperature: float = 4.0, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.temperature = temperature
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return uncertainty_kd_loss(student, teacher, temperature=self.temperature, reduction=self.reduction, mask=mask)
