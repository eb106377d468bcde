"""A divergence between forward and reverse KL over a large vocabulary; no logits are held.

Liger-Kernel's chunked generalised Jensen-Shannon divergence: logits from hidden states, divergence and gradients of a
few tokens at a time. Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_positive, check_range
from xmodal.losses._items import Reduction
from xmodal.losses.attention._heads import vocabulary_divergence
from xmodal.losses.logits.generalized_jsd import generalized_jsd_loss


def vocabulary_jsd_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    student_weight: Tensor,
    teacher_weight: Tensor | None = None,
    student_bias: Tensor | None = None,
    teacher_bias: Tensor | None = None,
    beta: float = 0.5,
    temperature: float = 1.0,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """`generalized_jsd_loss` of the logits `student @ student_weight.T + student_bias` and those of the teacher.

    Memory and work are those of `vocabulary_kl_loss`. The source adds a cross-entropy with labels, half and half;
    here that is the caller's.

    Args:
        student: [B, D] or [B, N, D] hidden states before the output layer.
        teacher: hidden states [B, D'] or [B, N, D'] of its own width with teacher_weight; logits [B, V] or [B, N, V]
            without. Gets no gradient, nor do its weight and bias.
        student_weight: [V, D]; gets a gradient if it asks for one, as does student_bias.
        teacher_weight: [V, D'], or None if `teacher` holds logits.
        student_bias: [V] or None.
        teacher_bias: [V] or None.
        beta: in [0, 1]: 0 is KL(teacher || student) and 1 is KL(student || teacher); not continuous at these ends.
        temperature: T > 0; no T^2 here.
        reduction: "mean" over all tokens that count; "none" for [B] or [B, N], zero where masked.
        mask: [B] or [B, N] bool, True for what counts; masking equals removing.

    Returns:
        A scalar, or [B] or [B, N]; float32, or float64 if any input is.

    Raises:
        ValueError: shapes or mask that do not fit, beta outside [0, 1], T <= 0, an unknown reduction.
    """
    check_range("beta", beta, 0, 1)
    check_positive("temperature", temperature)
    return vocabulary_divergence(
        student,
        teacher,
        lambda s, t: generalized_jsd_loss(s, t, beta=beta, temperature=temperature, reduction="none"),
        student_weight=student_weight,
        teacher_weight=teacher_weight,
        student_bias=student_bias,
        teacher_bias=teacher_bias,
        reduction=reduction,
        mask=mask,
    )


class VocabularyJSDLoss(nn.Module):
    """`vocabulary_jsd_loss` with its hyperparameters stored."""

    def __init__(self, *, beta: float = 0.5, temperature: float = 1.0, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.beta, self.temperature = beta, temperature
        self.reduction: Reduction = reduction

    def forward(
        self,
        student: Tensor,
        teacher: Tensor,
        *,
        student_weight: Tensor,
        teacher_weight: Tensor | None = None,
        student_bias: Tensor | None = None,
        teacher_bias: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        return vocabulary_jsd_loss(
            student,
            teacher,
            student_weight=student_weight,
            teacher_weight=teacher_weight,
            student_bias=student_bias,
            teacher_bias=teacher_bias,
            beta=self.beta,
            temperature=self.temperature,
            reduction=self.reduction,
            mask=mask,
        )
