"""Reverse KL everywhere, and forward KL too where the teacher itself is unsure, so that no alternative is lost.

Jin et al.: Entropy-Aware On-Policy Distillation of Language Models (EOPD), arXiv 2603.07079. A re-implementation from
the description: the equation is ours. Evidence: described.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_mask, check_positive, check_range, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair
from xmodal.losses.logits._distributions import entropy, kl_divergence


def entropy_gated_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    threshold: float = 0.8,
    weight: float = 1.0,
    temperature: float = 1.0,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """KL(student || teacher) + weight KL(teacher || student) where H(teacher) > threshold; mean over all items.

    The gate looks at the teacher's entropy, never at the student's. Both sums run over all classes; a third party's
    code, from which the default threshold and weight are, has a clipped single-token estimate of the first and the
    teacher's top 16 classes in the second.

    Zero when the logits differ by one constant per item. `reverse_kl_loss` for a threshold of log C or more.

    Args:
        student: [B, C] or [B, N, C] logits.
        teacher: same shape; gets no gradient.
        threshold: >= 0, in nats.
        weight: > 0, of the forward KL.
        temperature: T > 0, in both divergences and in the entropy; no T^2.
        reduction: "mean" over all items that count, gated or not; "none" for [B] or [B, N], zero where masked.
        mask: [B] or [B, N] bool, True for what counts; masking equals removing.

    Returns:
        A scalar, or [B] or [B, N]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, a hyperparameter out of range, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, C] or [B, N, C]", dims=range(2, 4))
    check_mask(mask, student.shape[:-1])
    check_range("threshold", threshold, 0, float("inf"))
    check_positive("weight", weight)
    check_positive("temperature", temperature)
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    log_p_student = F.log_softmax(student / temperature, dim=-1)
    log_p_teacher = F.log_softmax(teacher / temperature, dim=-1)
    unsure = entropy(log_p_teacher) > threshold  # [B] or [B, N]
    forward = torch.where(unsure, kl_divergence(log_p_teacher, log_p_student), 0)
    items = kl_divergence(log_p_student, log_p_teacher) + weight * forward
    return reduce_items(items, mask, reduction)


class EntropyGatedLoss(nn.Module):
    """`entropy_gated_loss` with its hyperparameters stored."""

    def __init__(
        self,
        *,
        threshold: float = 0.8,
        weight: float = 1.0,
        temperature: float = 1.0,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.threshold, self.weight, self.temperature = threshold, weight, temperature
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return entropy_gated_loss(
            student,
            teacher,
            threshold=self.threshold,
            weight=self.weight,
            temperature=self.temperature,
            reduction=self.reduction,
            mask=mask,
        )
