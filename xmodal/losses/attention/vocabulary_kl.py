"""The student matches the teacher's softened distribution over a large vocabulary; no logits are held.

Hinton's loss, arXiv 1503.02531, in chunks of tokens as Liger-Kernel does: logits from hidden states, divergence and
gradients of a few tokens at a time. Evidence: exact (loss); ancestor (chunks).
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_positive
from xmodal.losses._items import Reduction
from xmodal.losses.attention._heads import vocabulary_divergence
from xmodal.losses.logits.kd import kd_loss


def vocabulary_kl_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    student_weight: Tensor,
    teacher_weight: Tensor | None = None,
    student_bias: Tensor | None = None,
    teacher_bias: Tensor | None = None,
    temperature: float = 1.0,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """`kd_loss` of the logits `student @ student_weight.T + student_bias` and those of the teacher, T^2 included.

    Memory beyond the tensors given and their gradients in float32: at most twenty matrices of 2^22 numbers (of the
    logits of 32 tokens if those are more), whatever the number of tokens. The mean makes its gradients together with
    the value, so that each product with a weight is made once, and holds them until backward; "none" makes the logits
    twice. Masked tokens cost nothing. KL(student || teacher) is `vocabulary_jsd_loss` with beta = 1.

    Args:
        student: [B, D] or [B, N, D] hidden states before the output layer.
        teacher: hidden states [B, D'] or [B, N, D'] of its own width with teacher_weight; logits [B, V] or [B, N, V]
            without. Gets no gradient, nor do its weight and bias.
        student_weight: [V, D]; gets a gradient if it asks for one, as does student_bias.
        teacher_weight: [V, D'], or None if `teacher` holds logits.
        student_bias: [V] or None.
        teacher_bias: [V] or None.
        temperature: T > 0.
        reduction: "mean" over all tokens that count; "none" for [B] or [B, N], zero where masked.
        mask: [B] or [B, N] bool, True for what counts; masking equals removing.

    Returns:
        A scalar, or [B] or [B, N]; float32, or float64 if any input is.

    Raises:
        ValueError: shapes or mask that do not fit, T <= 0, an unknown reduction.
    """
    check_positive("temperature", temperature)
    return vocabulary_divergence(
        student,
        teacher,
        lambda s, t: kd_loss(s, t, temperature=temperature, reduction="none"),
        student_weight=student_weight,
        teacher_weight=teacher_weight,
        student_bias=student_bias,
        teacher_bias=teacher_bias,
        reduction=reduction,
        mask=mask,
    )


class VocabularyKLLoss(nn.Module):
    """`vocabulary_kl_loss` with its hyperparameters stored."""

    def __init__(self, *, temperature: float = 1.0, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.temperature = temperature
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
        return vocabulary_kl_loss(
            student,
            teacher,
            student_weight=student_weight,
            teacher_weight=teacher_weight,
            student_bias=student_bias,
            teacher_bias=teacher_bias,
            temperature=self.temperature,
            reduction=self.reduction,
            mask=mask,
        )
