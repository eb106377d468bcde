"""The student's embeddings, as unit vectors, are the teacher's.

FD and MFD of CLIP-KD: Yang et al., CVPR 2024, arXiv 2307.12732. The form for tokens is ours.
Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_mask, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair
from xmodal.losses._vectors import unit
from xmodal.losses.relational._towers import Towers


def clip_feature_loss(
    student: Tensor, teacher: Tensor, *, reduction: Reduction = "mean", mask: Tensor | None = None
) -> Tensor:
    """The squared difference of unit vectors, mean over D, then over samples or tokens: (2 - 2 cosine) / D.

    Zero when all vectors have the same direction. FD of the source is this loss of images plus this loss of texts,
    with the weight 2000, which belongs to the mean over D. MFD is the same with some patches of the student's image
    hidden while the teacher sees all of it; what the source compares are pooled embeddings all the same. For single
    tokens of such an image the mask says which were hidden.

    Args:
        student: [B, D] embeddings or [B, N, D] tokens, in the teacher's width.
        teacher: same shape; gets no gradient.
        reduction: "mean" over all items that count; "none" for [B] or [B, N], zero where masked.
        mask: [B] or [B, N] bool, True for what counts; masking equals removing.

    Returns:
        A scalar, or [B] or [B, N]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, D] or [B, N, D]", dims=range(2, 4))
    check_mask(mask, student.shape[:-1])
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    return reduce_items((unit(student) - unit(teacher)).square().mean(-1), mask, reduction)


def feature_items(x: Towers) -> Tensor:
    """`clip_feature_loss` of images plus that of texts, [n]."""
    return (x.image_s - x.image_t).square().mean(1) + (x.text_s - x.text_t).square().mean(1)


class CLIPFeatureLoss(nn.Module):
    """`clip_feature_loss` with its hyperparameters stored."""

    def __init__(self, *, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return clip_feature_loss(student, teacher, reduction=self.reduction, mask=mask)
