"""The student's images find the teacher's texts, and its texts the teacher's images.

ICL of CLIP-KD: Yang et al., CVPR 2024, arXiv 2307.12732; a term of CLIP-RD, arXiv 2603.25383, too. Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_same_shape
from xmodal.losses._items import Reduction
from xmodal.losses.relational._logits import RAW_SCALE, Scale, check_scale, matching, row_items
from xmodal.losses.relational._rows import reduce_kept
from xmodal.losses.relational._towers import Towers, two_towers


def interactive_contrastive_loss(
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
    """Half the cross-entropy of student image i among the teacher's texts, half that of student text i among images.

    Near zero when each pair is far closer than all others, log B when nothing can be told apart. Negatives are the
    teacher's alone, so student images never meet student texts here.

    Args:
        student: [B, D] image embeddings, in the teacher's width; made unit vectors here.
        teacher: same shape; gets no gradient.
        student_text: [B, D]; trained too.
        teacher_text: [B, D]; gets no gradient.
        scale: > 0, what cosines are multiplied by. The source learns it from log(1 / 0.07) = 2.659 on, and multiplies
            by it without exponentiating. It gets a gradient if it is a tensor, and is not checked then.
        reduction: "mean" over samples that count; "none" for [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing, so masked rows are no negatives either.
        chunk: rows of the matrices in memory at a time; None for as many as fit into 32 MiB. Changes no value.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs. Memory grows as B * chunk.

    Raises:
        ValueError: shapes or mask that do not fit, a scale or chunk <= 0, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, D]", dims=range(2, 3))
    check_scale("scale", scale)
    towers = two_towers(student, teacher, student_text, teacher_text, mask, chunk)
    return reduce_kept(interactive_items(towers, scale), mask, reduction)


def interactive_items(x: Towers, scale: Scale) -> Tensor:
    """`interactive_contrastive_loss` of each sample, [n]."""
    to_texts = row_items(matching, (x.image_s, x.text_t, scale), size=x.size)
    to_images = row_items(matching, (x.text_s, x.image_t, scale), size=x.size)
    return (to_texts + to_images) / 2


class InteractiveContrastiveLoss(nn.Module):
    """`interactive_contrastive_loss` with its hyperparameters stored."""

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
        return interactive_contrastive_loss(
            student,
            teacher,
            student_text=student_text,
            teacher_text=teacher_text,
            scale=self.scale,
            reduction=self.reduction,
            mask=mask,
            chunk=self.chunk,
        )
