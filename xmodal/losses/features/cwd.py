"""Each channel of the student's map is active at the places where the teacher's is.

Shu et al.: Channel-wise Knowledge Distillation for Dense Prediction, ICCV 2021, arXiv 2011.13256; as in
open-mmlab/mmrazor. Evidence: exact (that code); recalled (temperature).
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_mask, check_positive, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair


def cwd_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    temperature: float = 4.0,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """T^2 KL(softmax(teacher / T) || softmax(student / T)) of each channel over positions.

    Sum over positions, mean over channels and samples. Zero when student and teacher differ by one constant per
    sample and channel.

    Args:
        student: [B, C, H, W] logits or features.
        teacher: same shape; gets no gradient.
        temperature: T > 0; the larger, the more the weakly active places count.
        reduction: "mean" over samples that count; "none" for [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, T <= 0, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, C, H, W]", dims=range(4, 5))
    check_mask(mask, student.shape[:1])
    check_positive("temperature", temperature)
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    log_p_student = F.log_softmax(student.flatten(2) / temperature, dim=-1)  # [B, C, H * W]
    log_p_teacher = F.log_softmax(teacher.flatten(2) / temperature, dim=-1)
    divergence = F.kl_div(log_p_student, log_p_teacher, reduction="none", log_target=True).sum(-1)  # [B, C]
    return reduce_items(temperature**2 * divergence.mean(-1), mask, reduction)


class CWDLoss(nn.Module):
    """`cwd_loss` with its hyperparameters stored."""

    def __init__(self, *, temperature: float = 4.0, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.temperature = temperature
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return cwd_loss(student, teacher, temperature=self.temperature, reduction=self.reduction, mask=mask)
