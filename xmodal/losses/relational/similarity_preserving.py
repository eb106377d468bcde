"""The student finds the same samples of the batch similar as the teacher does.

SP of Tung and Mori: Similarity-Preserving Knowledge Distillation, ICCV 2019, arXiv 1907.09682. Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_mask, check_same_batch
from xmodal.losses._precision import lift_pair, without_autocast
from xmodal.losses._vectors import unit
from xmodal.losses.relational._blocks import row_slices, rows_per_block, summed
from xmodal.losses.relational._rows import kept


def similarity_preserving_loss(
    student: Tensor, teacher: Tensor, *, mask: Tensor | None = None, chunk: int | None = None
) -> Tensor:
    """The mean of (G_student - G_teacher)^2 over all B * B entries, G = x x^T with each row made a unit vector.

    Zero when the student's features are the teacher's, turned and scaled. The features themselves are not
    normalised, so longer ones weigh more. There is no value per sample. The source's weight is 3000.

    Args:
        student: [B, Ds] features; maps are flattened first.
        teacher: [B, Dt] features; the widths may differ; gets no gradient.
        mask: [B] bool, True for what counts; masking equals removing the rows.
        chunk: rows of the matrices in memory at a time; None for as many as fit into 32 MiB. Changes no value.

    Returns:
        A scalar, 0 for fewer than two rows; float32, or float64 for float64 inputs. Memory grows as B * chunk.

    Raises:
        ValueError: shapes or mask that do not fit, a chunk <= 0.
    """
    check_same_batch(student, teacher)
    check_mask(mask, student.shape[:1])
    student, teacher = lift_pair(kept(student, mask), kept(teacher, mask))
    size = rows_per_block(chunk, len(student), student)

    def block(student: Tensor, rows: slice) -> Tensor:
        with without_autocast(student):
            difference = unit(student[rows] @ student.T) - unit(teacher[rows] @ teacher.T)  # [R, B]
        return difference.square().sum()

    return summed(block, student, row_slices(len(student), size)) / max(1, len(student)) ** 2


class SimilarityPreservingLoss(nn.Module):
    """`similarity_preserving_loss` with its memory bound stored."""

    def __init__(self, *, chunk: int | None = None) -> None:
        super().__init__()
        self.chunk = chunk

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return similarity_preserving_loss(student, teacher, mask=mask, chunk=self.chunk)
