"""The student matches the teacher's softened answers to yes-or-no questions: one class, or several labels at once.

With T^2 and both sides softened: Chiumento et al., PET-guided MRI amyloid detection, arXiv 2604.12574. With the
teacher softened alone: Schmid, Koutini, Widmer: Efficient Large-Scale Audio Tagging via Transformer-to-CNN Knowledge
Distillation, ICASSP 2023. Evidence: exact.
"""

from __future__ import annotations

import sys
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_known, check_mask, check_positive, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair

ANY_FROM_ONE = range(1, sys.maxsize)
Softened = Literal["both", "teacher"]


def binary_kd_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    temperature: float = 1.0,
    softened: Softened = "both",
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """T^2 BCE(student / T, sigmoid(teacher / T)), or BCE(student, sigmoid(teacher / T)); mean over all entries.

    Never zero for finite logits: its least value is the entropy of the soft answers, reached where the logits are
    equal ("both") or student = teacher / T ("teacher"). Unchanged when both sides change sign.

    Args:
        student: [B], [B, C], [B, N, C] or more: a logit for each question.
        teacher: same shape; gets no gradient.
        temperature: T > 0.
        softened: "both" divides both sides by T and the loss by 1 / T^2; "teacher" the teacher alone, without T^2.
        reduction: "mean" over all entries that count; "none" for the shape of the input, zero where masked.
        mask: [B], [B, N], ... bool over leading dimensions, True for what counts; masking equals removing.

    Returns:
        A scalar, or the shape of the input; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, T <= 0, an unknown option or reduction.
    """
    check_same_shape(student, teacher, expected="[B, ...]", dims=ANY_FROM_ONE)
    check_mask(mask, student.shape)
    check_positive("temperature", temperature)
    check_known("softened", softened, ("both", "teacher"))
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    answers = (teacher / temperature).sigmoid()
    if softened == "teacher":
        items = F.binary_cross_entropy_with_logits(student, answers, reduction="none")
    else:
        items = F.binary_cross_entropy_with_logits(student / temperature, answers, reduction="none") * temperature**2
    return reduce_items(items, mask, reduction)


class BinaryKDLoss(nn.Module):
    """`binary_kd_loss` with its hyperparameters stored."""

    def __init__(self, *, temperature: float = 1.0, softened: Softened = "both", reduction: Reduction = "mean") -> None:
        super().__init__()
        self.temperature = temperature
        self.softened: Softened = softened
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return binary_kd_loss(
            student,
            teacher,
            temperature=self.temperature,
            softened=self.softened,
            reduction=self.reduction,
            mask=mask,
        )
