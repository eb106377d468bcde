"""The student puts its probability where the teacher has much: mode seeking, the loss of on-policy distillation.

As in the code of OPSD (on-policy self-distillation of language models); with sequences that the student sampled it is
the objective of the survey of on-policy distillation, arXiv 2604.00626. Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_mask, check_positive, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair
from xmodal.losses.logits._distributions import kl_divergence


def reverse_kl_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    temperature: float = 1.0,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """KL(softmax(student / T) || softmax(teacher / T)): sum over classes, mean over samples or tokens, no T^2.

    Zero when the logits differ by one constant per item. No gradient flows through the sampling of the sequence: its
    token ids are integers. In dialogues the mask holds only tokens that the model wrote.

    Args:
        student: [B, C] or [B, N, C] logits.
        teacher: same shape; gets no gradient.
        temperature: T > 0; the source has 1.
        reduction: "mean" over all items that count; "none" for [B] or [B, N], zero where masked.
        mask: [B] or [B, N] bool, True for what counts; masking equals removing.

    Returns:
        A scalar, or [B] or [B, N]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, T <= 0, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, C] or [B, N, C]", dims=range(2, 4))
    check_mask(mask, student.shape[:-1])
    check_positive("temperature", temperature)
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    log_p_student = F.log_softmax(student / temperature, dim=-1)
    log_p_teacher = F.log_softmax(teacher / temperature, dim=-1)
    return reduce_items(kl_divergence(log_p_student, log_p_teacher), mask, reduction)


class ReverseKLLoss(nn.Module):
    """`reverse_kl_loss` with its hyperparameters stored."""

    def __init__(self, *, temperature: float = 1.0, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.temperature = temperature
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return reverse_kl_loss(student, teacher, temperature=self.temperature, reduction=self.reduction, mask=mask)
