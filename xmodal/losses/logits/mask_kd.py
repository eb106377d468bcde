"""Segmentation masks from a teacher that says how good each of its masks is, mixed with masks from labels.

PicoSAM2, arXiv 2506.18807; its successor PicoSAM3 has not released its loss. The form "per_sample" is ours.
Evidence: exact (form "released").
"""

from __future__ import annotations

from typing import Literal, get_args

from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_items, check_known, check_mask, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair

Form = Literal["per_sample", "released"]
SMOOTHING = 1e-6


def mask_kd_loss(
    student: Tensor,
    teacher: Tensor,
    labels: Tensor,
    *,
    confidence: Tensor,
    form: Form = "per_sample",
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """a (MSE + Dice)(student, teacher) + (1 - a) (BCE + Dice)(student, labels) of sigmoids; a is the confidence.

    MSE and BCE are means over pixels, Dice is 1 - (2 sum p g + 1e-6) / (sum p + sum g + 1e-6), per sample. In the
    form "per_sample" each sample has its own a. The released code says so too, but averages both terms over the batch
    before it weighs them, so that only the mean of a acts: "released". They agree where all confidences are equal.

    Zero only in the limit where student, teacher and labels are one hard mask: the Dice of a soft mask with itself
    is above zero. The order of the pixels does not matter.

    Args:
        student: [B, H, W] logits of one mask per sample; any further dimensions, such as [B, 1, H, W], count as pixels.
        teacher: same shape; gets no gradient.
        labels: same shape, bool or numbers in [0, 1]. Any finite values where the confidence is 1.
        confidence: [B] in [0, 1], such as the teacher's own estimate of its IoU.
        form: see above.
        reduction: "mean" over samples that count; "none" for [B], zero where masked.
        mask: [B] bool, True for samples that count; masking equals removing.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, an unknown form or reduction.
    """
    check_same_shape(student, teacher, expected="[B, H, W], or more dimensions,", dims=range(2, 6))
    check_items("labels", labels, student.shape)
    check_items("confidence", confidence, student.shape[:1])
    check_mask(mask, student.shape[:1])
    check_known("form", form, get_args(Form))
    student, teacher = lift_pair(blank(student, mask).flatten(1), blank(teacher, mask).flatten(1))  # [B, P]
    labels = blank(labels.detach(), mask).flatten(1).to(student.dtype)
    confidence = blank(confidence.detach(), mask).to(student.dtype)
    if form == "released":
        confidence = reduce_items(confidence, mask, "mean")
    probability, target = student.sigmoid(), teacher.sigmoid()
    from_teacher = (probability - target).square().mean(1) + _dice(probability, target)  # [B]
    bce = F.binary_cross_entropy_with_logits(student, labels, reduction="none").mean(1)
    from_labels = bce + _dice(probability, labels)
    return reduce_items(confidence * from_teacher + (1 - confidence) * from_labels, mask, reduction)


def _dice(p: Tensor, g: Tensor) -> Tensor:
    """[B, P] twice -> [B]."""
    return 1 - (2 * (p * g).sum(1) + SMOOTHING) / ((p + g).sum(1) + SMOOTHING)


class MaskKDLoss(nn.Module):
    """`mask_kd_loss` with its hyperparameters stored."""

    def __init__(self, *, form: Form = "per_sample", reduction: Reduction = "mean") -> None:
        super().__init__()
        self.form: Form = form
        self.reduction: Reduction = reduction

    def forward(
        self, student: Tensor, teacher: Tensor, labels: Tensor, *, confidence: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        return mask_kd_loss(
            student, teacher, labels, confidence=confidence, form=self.form, reduction=self.reduction, mask=mask
        )
