"""The student matches the teacher's softened class distribution.

Hinton, Vinyals, Dean: Distilling the Knowledge in a Neural Network, arXiv 1503.02531. Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_mask, check_positive, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair


def kd_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    temperature: float = 4.0,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """T^2 KL(softmax(teacher / T) || softmax(student / T)): sum over classes, mean over samples or tokens.

    Zero when the logits differ by one constant per item. T^2 keeps the gradient's size when T changes.

    Args:
        student: [B, C] or [B, N, C] logits.
        teacher: same shape; gets no gradient.
        temperature: T > 0; the larger, the more the small probabilities count.
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
    p_teacher = log_p_teacher.exp().mul_(temperature**2)  # the factor is cheapest where no gradient is
    divergence = (p_teacher * (log_p_teacher - log_p_student)).sum(-1)  # [B] or [B, N]
    return reduce_items(divergence, mask, reduction)


class KDLoss(nn.Module):
    """`kd_loss` with its hyperparameters stored."""

    def __init__(self, *, temperature: float = 4.0, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.temperature = temperature
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return kd_loss(student, teacher, temperature=self.temperature, reduction=self.reduction, mask=mask)
