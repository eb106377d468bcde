"""A divergence between forward and reverse KL, for data and for sequences that the student wrote itself.

Agarwal et al.: On-Policy Distillation of Language Models (GKD), arXiv 2306.13649. Evidence: exact.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_mask, check_positive, check_range, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair
from xmodal.losses.logits._distributions import kl_divergence


def generalized_jsd_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    beta: float = 0.5,
    temperature: float = 0.9,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """beta KL(teacher || M) + (1 - beta) KL(student || M) with M = beta teacher + (1 - beta) student; logits over T.

    beta = 0 is KL(teacher || student) and beta = 1 is KL(student || teacher), as in the released code, although the
    formula tends to 0 there (as beta, or 1 - beta, times that KL): the loss is NOT continuous in beta at either end,
    and a weight tuned at one value does not carry over. No T^2. Between the ends it is never above
    -beta log beta - (1 - beta) log(1 - beta).

    Zero when the logits differ by one constant per item. Without a mask, TRL sums over tokens and divides by B: that
    is `reduction="none"`, then `.sum(1).mean()`.

    Args:
        student: [B, C] or [B, N, C] logits.
        teacher: same shape; gets no gradient.
        beta: in [0, 1].
        temperature: T > 0.
        reduction: "mean" over all items that count; "none" for [B] or [B, N], zero where masked.
        mask: [B] or [B, N] bool, True for what counts; masking equals removing.

    Returns:
        A scalar, or [B] or [B, N]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, beta outside [0, 1], T <= 0, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, C] or [B, N, C]", dims=range(2, 4))
    check_mask(mask, student.shape[:-1])
    check_range("beta", beta, 0, 1)
    check_positive("temperature", temperature)
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    log_p_student = F.log_softmax(student / temperature, dim=-1)
    log_p_teacher = F.log_softmax(teacher / temperature, dim=-1)
    return reduce_items(_divergence(log_p_student, log_p_teacher, beta), mask, reduction)


def _divergence(log_p_student: Tensor, log_p_teacher: Tensor, beta: float) -> Tensor:
    if beta == 0:
        return kl_divergence(log_p_teacher, log_p_student)
    if beta == 1:
        return kl_divergence(log_p_student, log_p_teacher)
    log_mixture = torch.logaddexp(log_p_teacher + math.log(beta), log_p_student + math.log1p(-beta))
    of_teacher = kl_divergence(log_p_teacher, log_mixture)
    of_student = kl_divergence(log_p_student, log_mixture)
    return beta * of_teacher + (1 - beta) * of_student


class GeneralizedJSDLoss(nn.Module):
    """`generalized_jsd_loss` with its hyperparameters stored."""

    def __init__(self, *, beta: float = 0.5, temperature: float = 0.9, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.beta, self.temperature = beta, temperature
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return generalized_jsd_loss(
            student, teacher, beta=self.beta, temperature=self.temperature, reduction=self.reduction, mask=mask
        )
