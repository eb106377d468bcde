"""The student is trained with the teacher's probabilities as labels, the true class enhanced by an exponent.

Hao et al.: One-for-All: Bridge the Gap Between Heterogeneous Architectures in Knowledge Distillation, NeurIPS 2023;
the same loss is in SPOFA, arXiv 2606.24557. Evidence: exact.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_labels, check_mask, check_positive, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair


def ofa_loss(
    student: Tensor,
    teacher: Tensor,
    labels: Tensor,
    *,
    eps: float = 1.0,
    temperature: float = 1.0,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """-sum_c w_c log p_student,c with w = (p_teacher + 1[c = label])^eps - 1[c = label], p = softmax(logits / T).

    With eps = 1 it is the cross-entropy with the teacher's probabilities, and the labels do not matter; the larger
    eps, the more the true class counts and the less the others. No T^2. Never zero for finite logits. The source
    sums it over the student's logits and those that projectors make of four of its stages.

    Args:
        student: [B, C] or [B, N, C] logits.
        teacher: same shape; gets no gradient.
        labels: [B] or [B, N] class numbers; anything where masked.
        eps: > 0, the exponent; the source takes 1 on CIFAR-100, 1.5 for a pair of networks on ImageNet.
        temperature: T > 0.
        reduction: "mean" over all items that count; "none" for [B] or [B, N], zero where masked.
        mask: [B] or [B, N] bool, True for what counts; masking equals removing.

    Returns:
        A scalar, or [B] or [B, N]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes, labels or mask that do not fit, eps or T <= 0, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, C] or [B, N, C]", dims=range(2, 4))
    check_mask(mask, student.shape[:-1])
    check_labels(labels, student.shape[:-1], classes=student.shape[-1], mask=mask)
    check_positive("eps", eps)
    check_positive("temperature", temperature)
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    p_teacher = F.softmax(teacher / temperature, dim=-1)
    labels = blank(labels, mask).long().unsqueeze(-1)
    is_label = torch.zeros_like(p_teacher).scatter(-1, labels, 1.0)  # [B, C] or [B, N, C]
    weights = (p_teacher + is_label) ** eps - is_label
    items = -(weights * F.log_softmax(student / temperature, dim=-1)).sum(-1)
    return reduce_items(items, mask, reduction)


class OFALoss(nn.Module):
    """`ofa_loss` with its hyperparameters stored."""

    def __init__(self, *, eps: float = 1.0, temperature: float = 1.0, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.eps = eps
        self.temperature = temperature
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, labels: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return ofa_loss(
            student,
            teacher,
            labels,
            eps=self.eps,
            temperature=self.temperature,
            reduction=self.reduction,
            mask=mask,
        )
