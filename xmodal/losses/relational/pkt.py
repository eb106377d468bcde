"""The student's neighbours, as a probability of every other sample, are the teacher's.

PKT of Passalis and Tefas: Learning Deep Representations with Probabilistic Knowledge Transfer, ECCV 2018,
arXiv 1803.10837. Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_mask, check_same_batch
from xmodal.losses._precision import lift_pair, without_autocast
from xmodal.losses._vectors import unit
from xmodal.losses.relational._blocks import row_slices, rows_per_block, summed
from xmodal.losses.relational._rows import kept

EPSILON = 1e-7


def pkt_loss(student: Tensor, teacher: Tensor, *, mask: Tensor | None = None, chunk: int | None = None) -> Tensor:
    """The mean of p_t log(p_t / p_s) over all B * B entries, p = (1 + cosine) / 2 divided by its sum over a row.

    The released code adds 1e-7 to both probabilities in the logarithm; the diagonal is one of the entries. Zero when
    the student's embeddings are the teacher's, turned and each one scaled. There is no value per sample. The mean,
    where a KL would have a sum over each row, is why the source's weight is 30000.

    Args:
        student: [B, Ds] embeddings.
        teacher: [B, Dt] embeddings; the widths may differ; gets no gradient.
        mask: [B] bool, True for what counts; masking equals removing the rows.
        chunk: rows of the matrices in memory at a time; None for as many as fit into 32 MiB. Changes no value.

    Returns:
        A scalar, 0 for fewer than two rows; float32, or float64 for float64 inputs. Memory grows as B * chunk.

    Raises:
        ValueError: shapes or mask that do not fit, a chunk <= 0.
    """
    check_same_batch(student, teacher)
    check_mask(mask, student.shape[:1])
    student, teacher = (unit(x) for x in lift_pair(kept(student, mask), kept(teacher, mask)))
    size = rows_per_block(chunk, len(student), student)

    def block(student: Tensor, rows: slice) -> Tensor:
        ours, theirs = _probabilities(student, rows), _probabilities(teacher, rows)  # [R, B]
        return (theirs * ((theirs + EPSILON) / (ours + EPSILON)).log()).sum()

    return summed(block, student, row_slices(len(student), size)) / max(1, len(student)) ** 2


def _probabilities(x: Tensor, rows: slice) -> Tensor:
    with without_autocast(x):
        likeness = (x[rows] @ x.T + 1) / 2
    return likeness / likeness.sum(1, keepdim=True)


class PKTLoss(nn.Module):
    """`pkt_loss` with its memory bound stored."""

    def __init__(self, *, chunk: int | None = None) -> None:
        super().__init__()
        self.chunk = chunk

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return pkt_loss(student, teacher, mask=mask, chunk=self.chunk)
