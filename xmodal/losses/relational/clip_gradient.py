"""CLIP's own loss would pull the student's embeddings where it pulls the teacher's.

GD of CLIP-KD: Yang et al., CVPR 2024, arXiv 2307.12732. Evidence: exact.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_known, check_same_shape
from xmodal.losses._items import Reduction
from xmodal.losses._precision import without_autocast
from xmodal.losses.relational._blocks import recomputed
from xmodal.losses.relational._logits import Scale, check_scale
from xmodal.losses.relational._rows import reduce_kept
from xmodal.losses.relational._towers import Towers, two_towers

Form = Literal["released", "infonce"]


def clip_gradient_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    student_text: Tensor,
    teacher_text: Tensor,
    student_scale: Scale,
    teacher_scale: Scale,
    form: Form = "released",
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
    chunk: int | None = None,
) -> Tensor:
    """The squared difference of the gradients of CLIP's loss by unit embeddings, mean over D, sum of four gradients.

    The four are those of the cross-entropy image -> text by the image and by the text, and of text -> image likewise,
    each the gradient of a mean over the batch. Zero when they agree, as for equal unit vectors and scales.

    "infonce" is the gradient itself, of logits scale * cosine. "released" is what the source's code computes: it
    takes the scale for a temperature and divides by it, so that logits are nearly flat and the loss is smaller by six
    orders of magnitude. The source's weight, 1e8, belongs to that form.

    Args:
        student: [B, D] image embeddings, in the teacher's width; made unit vectors here.
        teacher: same shape; gets no gradient.
        student_text: [B, D]; trained too.
        teacher_text: [B, D]; gets no gradient.
        student_scale: > 0, exp(logit_scale) of the student; gets a gradient if it is a tensor, and is not checked then.
        teacher_scale: the same of the teacher, without gradient.
        form: "released" or "infonce".
        reduction: "mean" over samples that count; "none" for [B], zero where masked. Each item has the batch's 1 / B
            in its gradients.
        mask: [B] bool, True for what counts; masking equals removing.
        chunk: rows of the matrices in memory at a time; None for as many as fit into 32 MiB. Changes no value.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs. Memory grows as B * chunk.

    Raises:
        ValueError: shapes or mask that do not fit, a scale or chunk <= 0, an unknown form or reduction.
    """
    check_same_shape(student, teacher, expected="[B, D]", dims=range(2, 3))
    check_scale("student_scale", student_scale)
    check_scale("teacher_scale", teacher_scale)
    towers = two_towers(student, teacher, student_text, teacher_text, mask, chunk)
    return reduce_kept(gradient_items(towers, student_scale, teacher_scale, form), mask, reduction)


def gradient_items(x: Towers, student_scale: Scale, teacher_scale: Scale, form: Form) -> Tensor:
    """`clip_gradient_loss` of each sample, [n]."""
    check_known("form", form, ("released", "infonce"))
    if form == "released":
        student_scale, teacher_scale = 1 / student_scale, 1 / teacher_scale
    with torch.no_grad():
        theirs = _gradients(x.image_t, x.text_t, teacher_scale, x.size)
    ours = _gradients(x.image_s, x.text_s, student_scale, x.size)
    return (ours - theirs).square().mean(2).sum(0)


def _gradients(image: Tensor, text: Tensor, scale: Scale, size: int) -> Tensor:
    """Of image -> text by image and text, then of text -> image by text and image, [4, B, D]."""
    return torch.stack([*_infonce_gradients(image, text, scale, size), *_infonce_gradients(text, image, scale, size)])


def _infonce_gradients(x: Tensor, others: Tensor, scale: Scale, size: int) -> tuple[Tensor, Tensor]:
    """Of the mean of -log softmax_i(scale * x_i . others) by x and by others, [B, D] each."""

    def block(rows: Tensor) -> tuple[Tensor, Tensor]:
        with without_autocast(x):
            p = F.softmax((scale * rows) @ others.T, dim=1)  # [R, B]
            return p @ others, p.T @ rows

    by_x, by_others = [], -x
    for rows in torch.split(x, size):
        of_rows, of_others = block(rows) if len(x) <= size else recomputed(block, rows)
        by_x.append(of_rows)
        by_others = by_others + of_others
    per_sample = scale / max(1, len(x))
    return per_sample * (torch.cat(by_x) - others), per_sample * by_others


class CLIPGradientLoss(nn.Module):
    """`clip_gradient_loss` with its hyperparameters stored."""

    def __init__(
        self,
        *,
        student_scale: Scale,
        teacher_scale: Scale,
        form: Form = "released",
        reduction: Reduction = "mean",
        chunk: int | None = None,
    ) -> None:
        super().__init__()
        self.student_scale = student_scale
        self.teacher_scale = teacher_scale
        self.form: Form = form
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
        return clip_gradient_loss(
            student,
            teacher,
            student_text=student_text,
            teacher_text=teacher_text,
            student_scale=self.student_scale,
            teacher_scale=self.teacher_scale,
            form=self.form,
            reduction=self.reduction,
            mask=mask,
            chunk=self.chunk,
        )
