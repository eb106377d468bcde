"""Student images relate to teacher texts as student texts relate to teacher images.

XRD of CLIP-RD, arXiv 2603.25383. Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_same_shape
from xmodal.losses._items import Reduction
from xmodal.losses.relational._logits import RAW_SCALE, Scale, both_ways, check_scale, divergence
from xmodal.losses.relational._rows import reduce_kept
from xmodal.losses.relational._towers import Towers, two_towers


def cross_relation_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    student_text: Tensor,
    teacher_text: Tensor,
    scale: Scale = RAW_SCALE,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
    chunk: int | None = None,
) -> Tensor:
    """KL between the logits student image -> teacher text and student text -> teacher image, each towards the other.

    The mean of four: both directions of learning, of rows and of columns; what is learned from is held fixed. Zero
    when the two [B, B] matrices agree, up to one constant per row and column, as they do for a perfect student of a
    teacher whose images and texts agree.

    Args:
        student: [B, D] image embeddings, in the teacher's width; made unit vectors here.
        teacher: same shape; gets no gradient.
        student_text: [B, D]; trained too.
        teacher_text: [B, D]; gets no gradient.
        scale: > 0, what cosines are multiplied by. The source learns it from log(1 / 0.07) = 2.659 on, and multiplies
            by it without exponentiating. It gets a gradient if it is a tensor, and is not checked then.
        reduction: "mean" over samples that count (the source's batchmean); "none" for [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing.
        chunk: rows of the matrices in memory at a time; None for as many as fit into 32 MiB. Changes no value.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs. Memory grows as B * chunk.

    Raises:
        ValueError: shapes or mask that do not fit, a scale or chunk <= 0, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, D]", dims=range(2, 3))
    check_scale("scale", scale)
    towers = two_towers(student, teacher, student_text, teacher_text, mask, chunk)
    return reduce_kept(cross_items(towers, scale), mask, reduction)


def cross_items(x: Towers, scale: Scale) -> Tensor:
    """`cross_relation_loss` of each sample, [n]."""
    return both_ways(_each_to_the_other, (x.image_s, x.text_t, scale), (x.text_s, x.image_t, scale), size=x.size)


def _each_to_the_other(own: Tensor, images: Tensor, texts: Tensor) -> Tensor:
    return (divergence(own, images, texts.detach()) + divergence(own, texts, images.detach())) / 2


class CrossRelationLoss(nn.Module):
    """`cross_relation_loss` with its hyperparameters stored."""

    def __init__(self, *, scale: Scale = RAW_SCALE, reduction: Reduction = "mean", chunk: int | None = None) -> None:
        super().__init__()
        self.scale = scale
        self.reduction: Reduction = reduction
        self.chunk = chunk

    def forward(
        self,
        student: Tensor,
        teacher: Tensor,
        *,
        student_text: Tensor,
        teacher_text: Tensor,
        mask: Tensor | None = None,
    ) -> Tensor:
        return cross_relation_loss(
            student,
            teacher,
            student_text=student_text,
            teacher_text=teacher_text,
            scale=self.scale,
            reduction=self.reduction,
            mask=mask,
            chunk=self.chunk,
        )
