"""The student regresses the first channels of a wider teacher, as many as it has itself.

F2LLM-v2, arXiv 2603.19223 (code codefuse-ai/CodeFuse-Embeddings). Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_wider_teacher
from xmodal.losses._items import Reduction
from xmodal.losses.features.hint import hint_loss


def truncated_hint_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """Mean squared difference between the student's features and the teacher's first Ds channels.

    Zero when the student gives those channels; no projector stands between. That makes sense only for a teacher whose
    prefixes are embeddings of their own, because it was trained so (see `Matryoshka`): of any other teacher the
    first channels are an arbitrary part. The features are compared as they are, not normalised.

    Args:
        student: [B, ..., Ds] features.
        teacher: [B, ..., Dt] with Dt >= Ds; gets no gradient.
        reduction: "mean" over all elements that count; "none" for the mean over Ds only, zero where masked.
        mask: [B], [B, N], ... bool over leading dimensions, True for what counts; masking equals removing.

    Returns:
        A scalar, or [B, ...]; float32, or float64 for float64 inputs; in squared units of the features.

    Raises:
        ValueError: shapes or mask that do not fit, a teacher narrower than the student, an unknown reduction.
    """
    check_wider_teacher(student, teacher)
    return hint_loss(student, teacher[..., : student.shape[-1]], reduction=reduction, mask=mask)


class TruncatedHintLoss(nn.Module):
    """`truncated_hint_loss` with its hyperparameters stored."""

    def __init__(self, *, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return truncated_hint_loss(student, teacher, reduction=self.reduction, mask=mask)
