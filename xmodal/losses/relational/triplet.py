"""Each student embedding is nearer to its own teacher embedding than to a negative, by a margin.

The alignment loss of Chiumento et al.: PET-guided MRI amyloid detection, arXiv 2604.12574. Evidence: exact.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_known, check_mask, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair

TeacherGradient = Literal["none", "full"]


def triplet_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    negative: Tensor,
    margin: float = 1.0,
    teacher_gradient: TeacherGradient = "none",
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """relu(|student - teacher| - |student - negative| + margin), Euclidean lengths; mean over samples or tokens.

    Zero when each negative is farther than the teacher by at least the margin. Each coordinate of a difference has
    the source's 1e-6 added, which keeps the gradient of a length bounded. Unchanged when all three are moved by one
    vector or, but for the 1e-6, turned.

    Args:
        student: [B, D] or [B, N, D], the anchor.
        teacher: same shape, the positive.
        negative: same shape: what the student should not resemble, such as the teacher's embedding of another
            patient.
        margin: in the unit of the embeddings.
        teacher_gradient: "none", or "full" where teacher and negative are trained too, as in the source's second
            phase, in which the anchor is the fused embedding of the teacher to be.
        reduction: "mean" over all items that count; "none" for [B] or [B, N], zero where masked.
        mask: [B] or [B, N] bool, True for what counts; masking equals removing.

    Returns:
        A scalar, or [B] or [B, N]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, an unknown option or reduction.
    """
    for other in (teacher, negative):
        check_same_shape(student, other, expected="[B, D] or [B, N, D]", dims=range(2, 4))
    check_mask(mask, student.shape[:-1])
    check_known("teacher_gradient", teacher_gradient, ("none", "full"))
    student, fixed = lift_pair(blank(student, mask), blank(teacher, mask))
    if teacher_gradient == "full":
        positive, negative = (blank(x, mask).to(student.dtype) for x in (teacher, negative))
    else:
        positive, negative = fixed, blank(negative.detach(), mask).to(student.dtype)
    items = F.relu(F.pairwise_distance(student, positive) - F.pairwise_distance(student, negative) + margin)
    return reduce_items(items, mask, reduction)


class TripletLoss(nn.Module):
    """`triplet_loss` with its hyperparameters stored."""

    def __init__(
        self, *, margin: float = 1.0, teacher_gradient: TeacherGradient = "none", reduction: Reduction = "mean"
    ) -> None:
        super().__init__()
        self.margin = margin
        self.teacher_gradient: TeacherGradient = teacher_gradient
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, negative: Tensor, mask: Tensor | None = None) -> Tensor:
        return triplet_loss(
            student,
            teacher,
            negative=negative,
            margin=self.margin,
            teacher_gradient=self.teacher_gradient,
            reduction=self.reduction,
            mask=mask,
        )
