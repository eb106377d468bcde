"""The student matches the teacher's trust in the label and its ranking of the other classes, weighed separately.

Zhao et al.: Decoupled Knowledge Distillation, CVPR 2022. Evidence: exact.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_at_least_zero, check_labels, check_mask, check_positive, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair


def dkd_loss(
    student: Tensor,
    teacher: Tensor,
    labels: Tensor,
    *,
    alpha: float = 1.0,
    beta: float = 8.0,
    temperature: float = 4.0,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """T^2 (alpha KL of [label, rest] + beta KL among the classes other than the label), p = softmax(logits / T).

    Per item KL(p_teacher || p_student) is the first KL plus (1 - p_teacher[label]) times the second: KD gives the
    wrong classes little weight exactly where the teacher is sure. Zero when the logits differ by one constant per
    item. The source adds it to the labels' cross-entropy with a factor min(epoch / 20, 1).

    Args:
        student: [B, C] or [B, N, C] logits, C >= 2; with two classes the second part is zero.
        teacher: same shape; gets no gradient.
        labels: [B] or [B, N] class numbers; anything where masked.
        alpha: >= 0, weight of the part with the label.
        beta: >= 0, weight of the part without; the source takes 8, and 2 or 6 for some pairs of networks.
        temperature: T > 0.
        reduction: "mean" over all items that count; "none" for [B] or [B, N], zero where masked.
        mask: [B] or [B, N] bool, True for what counts; masking equals removing.

    Returns:
        A scalar, or [B] or [B, N]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes, labels, mask or numbers that do not fit, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, C] or [B, N, C]", dims=range(2, 4))
    if student.shape[-1] < 2:
        raise ValueError(f"expected at least two classes, found student {list(student.shape)}")
    check_mask(mask, student.shape[:-1])
    check_labels(labels, student.shape[:-1], classes=student.shape[-1], mask=mask)
    for name, weight in (("alpha", alpha), ("beta", beta)):
        check_at_least_zero(name, weight)
    check_positive("temperature", temperature)
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    labels = blank(labels, mask).long().unsqueeze(-1)  # [B, 1] or [B, N, 1]
    binary_s, others_s = _decoupled(student / temperature, labels)
    binary_t, others_t = _decoupled(teacher / temperature, labels)
    target = F.kl_div(binary_s, binary_t, reduction="none", log_target=True).sum(-1)
    non_target = F.kl_div(others_s, others_t, reduction="none", log_target=True).sum(-1)  # [B] or [B, N]
    return reduce_items(temperature**2 * (alpha * target + beta * non_target), mask, reduction)


def _decoupled(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Log-probabilities of [label, any other] and, given that it is another, of each; 0 stands at the label there."""
    log_p = F.log_softmax(logits, dim=-1)
    # The source subtracts 1000 from the label's logit instead, which is too little for logits of that size.
    rest = torch.logsumexp(log_p.scatter(-1, labels, -torch.inf), dim=-1, keepdim=True)
    binary = torch.cat([log_p.gather(-1, labels), rest], dim=-1)
    return binary, (log_p - rest).scatter(-1, labels, 0.0)


class DKDLoss(nn.Module):
    """`dkd_loss` with its hyperparameters stored."""

    def __init__(
        self, *, alpha: float = 1.0, beta: float = 8.0, temperature: float = 4.0, reduction: Reduction = "mean"
    ) -> None:
        super().__init__()
        self.alpha = alpha
        self.beta = beta
        self.temperature = temperature
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, labels: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return dkd_loss(
            student,
            teacher,
            labels,
            alpha=self.alpha,
            beta=self.beta,
            temperature=self.temperature,
            reduction=self.reduction,
            mask=mask,
        )
