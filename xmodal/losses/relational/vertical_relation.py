"""Student images relate to teacher images as student texts relate to teacher texts.

VRD of CLIP-RD, arXiv 2603.25383. Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_same_shape
from xmodal.losses._items import Reduction
from xmodal.losses.relational._logits import RAW_SCALE, Scale, both_ways, check_scale, divergence
from xmodal.losses.relational._rows import reduce_kept
from xmodal.losses.relational._towers import Towers, two_towers


def vertical_relation_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    student_text: Tensor,
    teacher_text: Tensor,
    image_scale: Scale = RAW_SCALE,
    text_scale: Scale = RAW_SCALE,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
    chunk: int | None = None,
) -> Tensor:
    """KL of the logits student image -> teacher image from student text -> teacher text; half, and half of columns.

    Zero when the cosines of both modalities agree, up to one constant per row and column. Only the image side learns:
    the text logits are the target. The source adds two more terms under this name, which are
    `contrastive_loss(temperature=1 / scale)` of the two images and of the two texts.

    Args:
        student: [B, D] image embeddings, in the teacher's width; made unit vectors here.
        teacher: same shape; gets no gradient.
        student_text: [B, D]; gets no gradient either.
        teacher_text: [B, D]; gets no gradient.
        image_scale: > 0, what the cosines of images are multiplied by. The source learns it from log(1 / 0.07) = 2.659
            on, and multiplies by it without exponentiating. It gets a gradient if it is a tensor, and is not checked
            then.
        text_scale: the same of texts, without gradient.
        reduction: "mean" over samples that count (the source's batchmean); "none" for [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing.
        chunk: rows of the matrices in memory at a time; None for as many as fit into 32 MiB. Changes no value.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs. Memory grows as B * chunk.

    Raises:
        ValueError: shapes or mask that do not fit, a scale or chunk <= 0, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, D]", dims=range(2, 3))
    check_scale("image_scale", image_scale)
    check_scale("text_scale", text_scale)
    towers = two_towers(student, teacher, student_text, teacher_text, mask, chunk)
    return reduce_kept(vertical_items(towers, image_scale, text_scale), mask, reduction)


def vertical_items(x: Towers, image_scale: Scale, text_scale: Scale) -> Tensor:
    """`vertical_relation_loss` of each sample, [n]."""
    if isinstance(text_scale, Tensor):
        text_scale = text_scale.detach()
    images, texts = (x.image_s, x.image_t, image_scale), (x.text_s.detach(), x.text_t, text_scale)
    return both_ways(divergence, images, texts, size=x.size)


class VerticalRelationLoss(nn.Module):
    """`vertical_relation_loss` with its hyperparameters stored."""

    def __init__(
        self,
        *,
        image_scale: Scale = RAW_SCALE,
        text_scale: Scale = RAW_SCALE,
        reduction: Reduction = "mean",
        chunk: int | None = None,
    ) -> None:
        super().__init__()
        self.image_scale = image_scale
        self.text_scale = text_scale
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
        return vertical_relation_loss(
            student,
            teacher,
            student_text=student_text,
            teacher_text=teacher_text,
            image_scale=self.image_scale,
            text_scale=self.text_scale,
            reduction=self.reduction,
            mask=mask,
            chunk=self.chunk,
        )
