"""The student's samples correlate with each other as the teacher's do, in a Gaussian kernel.

Peng et al.: Correlation Congruence for Knowledge Distillation, ICCV 2019, arXiv 1904.01802; the form of the paper.
Evidence: recalled.
"""

from __future__ import annotations

import math

from torch import Tensor, nn

from xmodal.losses._checks import check_mask, check_positive, check_same_batch
from xmodal.losses._precision import lift_pair, without_autocast
from xmodal.losses._vectors import unit
from xmodal.losses.relational._blocks import row_slices, rows_per_block, summed
from xmodal.losses.relational._rows import kept


def correlation_congruence_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    gamma: float = 0.4,
    order: int | None = 2,
    mask: Tensor | None = None,
    chunk: int | None = None,
) -> Tensor:
    """The mean of (K_student - K_teacher)^2 over all B * B entries, K_ij = exp(-gamma |u_i - u_j|^2) of unit vectors.

    The paper takes the Taylor series of the kernel in the cosine instead, exp(-2 gamma) sum_p (2 gamma cos)^p / p!
    up to p = order. Zero when the student's embeddings are the teacher's, turned and each one scaled. There is no
    value per sample. What is released under this name is another loss: see `neighbour_congruence_loss`.

    Args:
        student: [B, Ds] embeddings; made unit vectors here.
        teacher: [B, Dt] embeddings; the widths may differ; gets no gradient.
        gamma: > 0; the larger, the fewer neighbours count.
        order: > 0, the last power of the series; None for the kernel itself.
        mask: [B] bool, True for what counts; masking equals removing the rows.
        chunk: rows of the matrices in memory at a time; None for as many as fit into 32 MiB. Changes no value.

    Returns:
        A scalar, 0 for fewer than two rows; float32, or float64 for float64 inputs. Memory grows as B * chunk.

    Raises:
        ValueError: shapes or mask that do not fit, gamma, order or chunk <= 0.
    """
    check_same_batch(student, teacher)
    check_mask(mask, student.shape[:1])
    check_positive("gamma", gamma)
    if order is not None:
        check_positive("order", order)
    student, teacher = (unit(x) for x in lift_pair(kept(student, mask), kept(teacher, mask)))
    size = rows_per_block(chunk, len(student), student)

    def block(student: Tensor, rows: slice) -> Tensor:
        with without_autocast(student):
            ours, theirs = student[rows] @ student.T, teacher[rows] @ teacher.T  # [R, B]
        return (_kernel(ours, gamma, order) - _kernel(theirs, gamma, order)).square().sum()

    return summed(block, student, row_slices(len(student), size)) / max(1, len(student)) ** 2


def _kernel(cosine: Tensor, gamma: float, order: int | None) -> Tensor:
    if order is None:
        return (2 * gamma * (cosine - 1)).exp()
    exponent = 2 * gamma * cosine
    series = 1 + exponent
    for p in range(2, order + 1):
        series = series + exponent.pow(p) / math.factorial(p)
    return math.exp(-2 * gamma) * series


class CorrelationCongruenceLoss(nn.Module):
    """`correlation_congruence_loss` with its hyperparameters stored."""

    def __init__(self, *, gamma: float = 0.4, order: int | None = 2, chunk: int | None = None) -> None:
        super().__init__()
        self.gamma = gamma
        self.order = order
        self.chunk = chunk

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return correlation_congruence_loss(
            student, teacher, gamma=self.gamma, order=self.order, mask=mask, chunk=self.chunk
        )
