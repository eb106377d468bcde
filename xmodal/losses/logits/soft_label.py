"""The student is trained with the teacher's softened predictions as labels (generalized distillation).

Lopez-Paz, Bottou, Schölkopf, Vapnik: Unifying Distillation and Privileged Information, ICLR 2016, arXiv 1511.03643.
Evidence: recalled.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_mask, check_positive, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair


def soft_label_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    temperature: float = 1.0,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """Cross-entropy of softmax(student) against softmax(teacher / T): sum over classes, mean over items.

    Only the teacher is softened and there is no T^2: as T grows the labels become uniform, the gradient does not
    shrink. Never zero for finite logits: its least value is the entropy of the soft labels, reached where
    student = teacher / T up to a constant.

    Args:
        student: [B, C] or [B, N, C] logits.
        teacher: same shape; gets no gradient.
        temperature: T > 0 for the teacher; the source names no default, 1 leaves the teacher as it is.
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
    soft_label = F.softmax(teacher / temperature, dim=-1)
    items = -(soft_label * F.log_softmax(student, dim=-1)).sum(-1)  # [B] or [B, N]
    return reduce_items(items, mask, reduction)


class SoftLabelLoss(nn.Module):
    """`soft_label_loss` with its hyperparameters stored."""

    def __init__(self, *, temperature: float = 1.0, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.temperature = temperature
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return soft_label_loss(student, teacher, temperature=self.temperature, reduction=self.reduction, mask=mask)
