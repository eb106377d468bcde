"""The student's images and texts find each other as the teacher's do: similarity logits as distributions.

CLIP-KD (Yang et al., CVPR 2024, arXiv 2307.12732) calls it CRD, CLIP-RD (arXiv 2603.25383) HRD; with cross-entropy in
place of KL it is the affinity mimicking of TinyCLIP (Wu et al., ICCV 2023, arXiv 2309.12314). Evidence: exact.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_known, check_same_batch
from xmodal.losses._items import Reduction
from xmodal.losses.relational._logits import Scale, both_ways, check_scale, divergence
from xmodal.losses.relational._rows import reduce_kept
from xmodal.losses.relational._towers import Towers, two_towers

Form = Literal["kl", "cross_entropy"]


def clip_affinity_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    student_text: Tensor,
    teacher_text: Tensor,
    student_scale: Scale,
    teacher_scale: Scale,
    form: Form = "kl",
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
    chunk: int | None = None,
) -> Tensor:
    """Half KL(softmax(teacher logits) || softmax(student logits)) of row i, half that of column i.

    Logits are scale * cos(image i, text j), [B, B]. Zero when they differ by one constant per row and column. "kl" is
    the form of CLIP-KD and CLIP-RD; "cross_entropy", that of TinyCLIP, is larger by the entropy of the teacher's
    softmax, with the same gradient. It is not the CRD of Contrastive Representation Distillation.

    Args:
        student: [B, Ds] image embeddings; made unit vectors here.
        teacher: [B, Dt] image embeddings; the widths may differ; gets no gradient.
        student_text: [B, Ds]; trained too.
        teacher_text: [B, Dt]; gets no gradient.
        student_scale: > 0, exp(logit_scale) of the student; gets a gradient if it is a tensor, and is not checked then.
        teacher_scale: the same of the teacher, without gradient.
        form: "kl" or "cross_entropy".
        reduction: "mean" over samples that count (the source's batchmean); "none" for [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing.
        chunk: rows of the matrices in memory at a time; None for as many as fit into 32 MiB. Changes no value.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs. Memory grows as B * chunk.

    Raises:
        ValueError: shapes or mask that do not fit, a scale or chunk <= 0, an unknown form or reduction.
    """
    check_same_batch(student, teacher)
    check_scale("student_scale", student_scale)
    check_scale("teacher_scale", teacher_scale)
    towers = two_towers(student, teacher, student_text, teacher_text, mask, chunk)
    return reduce_kept(affinity_items(towers, student_scale, teacher_scale, form), mask, reduction)


def affinity_items(x: Towers, student_scale: Scale, teacher_scale: Scale, form: Form) -> Tensor:
    """`clip_affinity_loss` of each sample, [n]."""
    check_known("form", form, ("kl", "cross_entropy"))
    if isinstance(teacher_scale, Tensor):
        teacher_scale = teacher_scale.detach()
    ours, theirs = (x.image_s, x.text_s, student_scale), (x.image_t, x.text_t, teacher_scale)
    return both_ways(divergence if form == "kl" else _soft_cross_entropy, ours, theirs, size=x.size)


def _soft_cross_entropy(own: Tensor, student: Tensor, teacher: Tensor) -> Tensor:
    return -(F.softmax(teacher, dim=1) * F.log_softmax(student, dim=1)).sum(1)


class CLIPAffinityLoss(nn.Module):
    """`clip_affinity_loss` with its hyperparameters stored."""

    def __init__(
        self,
        *,
        student_scale: Scale,
        teacher_scale: Scale,
        form: Form = "kl",
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
        return clip_affinity_loss(
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
