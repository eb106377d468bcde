"""The student's images see the teacher's texts, and its texts the teacher's images, as the teacher sees them.

The term `cross_kd` in the code of CLIP-KD: Yang et al., CVPR 2024, arXiv 2307.12732. Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_same_shape
from xmodal.losses._items import Reduction
from xmodal.losses.relational._logits import RAW_SCALE, Scale, check_scale, divergence, row_items
from xmodal.losses.relational._rows import reduce_kept
from xmodal.losses.relational._towers import Towers, two_towers


def clip_cross_kd_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    student_text: Tensor,
    teacher_text: Tensor,
    teacher_scale: Scale,
    scale: Scale = RAW_SCALE,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
    chunk: int | None = None,
) -> Tensor:
    """KL of the logits student image -> teacher text from teacher image -> teacher text; half, and half for texts.

    Zero when the student's unit vectors are the teacher's and both scales agree.

    Args:
        student: [B, D] image embeddings, in the teacher's width; made unit vectors here.
        teacher: same shape; gets no gradient.
        student_text: [B, D]; trained too.
        teacher_text: [B, D]; gets no gradient.
        teacher_scale: > 0, exp(logit_scale) of the teacher; without gradient.
        scale: > 0, of the student's logits. The source learns it from log(1 / 0.07) = 2.659 on, and multiplies by it
            without exponentiating. It gets a gradient if it is a tensor, and is not checked then.
        reduction: "mean" over samples that count (the source's batchmean); "none" for [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing.
        chunk: rows of the matrices in memory at a time; None for as many as fit into 32 MiB. Changes no value.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs. Memory grows as B * chunk.

    Raises:
        ValueError: shapes or mask that do not fit, a scale or chunk <= 0, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, D]", dims=range(2, 3))
    check_scale("teacher_scale", teacher_scale)
    check_scale("scale", scale)
    towers = two_towers(student, teacher, student_text, teacher_text, mask, chunk)
    return reduce_kept(cross_kd_items(towers, teacher_scale, scale), mask, reduction)


def cross_kd_items(x: Towers, teacher_scale: Scale, scale: Scale) -> Tensor:
    """`clip_cross_kd_loss` of each sample, [n]."""
    if isinstance(teacher_scale, Tensor):
        teacher_scale = teacher_scale.detach()
    to_texts = (x.image_s, x.text_t, scale), (x.image_t, x.text_t, teacher_scale)
    to_images = (x.text_s, x.image_t, scale), (x.text_t, x.image_t, teacher_scale)
    return (row_items(divergence, *to_texts, size=x.size) + row_items(divergence, *to_images, size=x.size)) / 2


class CLIPCrossKDLoss(nn.Module):
    """`clip_cross_kd_loss` with its hyperparameters stored."""

    def __init__(
        self,
        *,
        teacher_scale: Scale,
        scale: Scale = RAW_SCALE,
        reduction: Reduction = "mean",
        chunk: int | None = None,
    ) -> None:
        super().__init__()
        self.teacher_scale = teacher_scale
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
        return clip_cross_kd_loss(
            student,
            teacher,
            student_text=student_text,
            teacher_text=teacher_text,
            teacher_scale=self.teacher_scale,
            scale=self.scale,
            reduction=self.reduction,
            mask=mask,
            chunk=self.chunk,
        )
