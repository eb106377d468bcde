"""The student matches how far apart the teacher's top logits lie, and how far apart the teacher puts its own top ones.

BiLD: Bi-directional Logits Difference Loss, COLING 2025, arXiv 2406.13555. Evidence: exact.
"""

from __future__ import annotations

from typing import Literal, get_args

from torch import Tensor, nn

from xmodal.losses._checks import check_known, check_mask, check_positive, check_range, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair
from xmodal.losses.logits._pairs import pair_divergence

Lead = Literal["both", "teacher", "student"]


def bild_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    top_k: int = 8,
    temperature: float = 3.0,
    lead: Lead = "both",
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """KL(softmax(d_teacher) || softmax(d_student)) for the differences d = [z_i - z_j] / T of the leader's top logits.

    The leader's top_k classes, in falling order, give the pairs i < j for both. "teacher" and "student" are the two
    parts of the published loss, "both" their sum. No T^2. The source adds no label loss, but plain KL on the tokens of
    the instruction (`kd_loss` with temperature 1 and their mask).

    Zero when the logits differ by one constant per item on the leader's top classes; the others do not count.

    Args:
        student: [B, C] or [B, N, C] logits, C > 1.
        teacher: same shape; gets no gradient.
        top_k: from 2 to C.
        temperature: T > 0.
        lead: whose top classes are compared.
        reduction: "mean" over all items that count; "none" for [B] or [B, N], zero where masked.
        mask: [B] or [B, N] bool, True for what counts; masking equals removing.

    Returns:
        A scalar, or [B] or [B, N]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, top_k out of range, T <= 0, an unknown lead or reduction.
    """
    check_same_shape(student, teacher, expected="[B, C] or [B, N, C]", dims=range(2, 4))
    check_mask(mask, student.shape[:-1])
    check_range("top_k", top_k, 2, student.shape[-1])
    check_positive("temperature", temperature)
    check_known("lead", lead, get_args(Lead))
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    leaders = {"both": (teacher, student), "teacher": (teacher,), "student": (student,)}[lead]
    items = student.new_zeros(())
    for leader in leaders:
        led = leader.topk(top_k, dim=-1).indices  # [..., K]
        items = items + pair_divergence(teacher.gather(-1, led) / temperature, student.gather(-1, led) / temperature)
    return reduce_items(items, mask, reduction)


class BiLDLoss(nn.Module):
    """`bild_loss` with its hyperparameters stored."""

    def __init__(
        self, *, top_k: int = 8, temperature: float = 3.0, lead: Lead = "both", reduction: Reduction = "mean"
    ) -> None:
        super().__init__()
        self.top_k, self.temperature = top_k, temperature
        self.lead: Lead = lead
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return bild_loss(
            student,
            teacher,
            top_k=self.top_k,
            temperature=self.temperature,
            lead=self.lead,
            reduction=self.reduction,
            mask=mask,
        )
