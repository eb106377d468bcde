"""The student keeps the teacher's pairwise distances inside the batch, up to one scale.

Park et al.: Relational Knowledge Distillation, CVPR 2019, arXiv 1904.05068. Evidence: exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_mask, check_same_batch
from xmodal.losses._precision import lift_pair, without_autocast
from xmodal.losses.relational._blocks import once, rows_per_block
from xmodal.losses.relational._rows import kept

LEAST_SQUARED_DISTANCE = 1e-12
LEAST_DISTANCE = 1.001e-6
"""A little above the root of the former, so that rounding does not decide whether a distance counts as clamped."""

Block = tuple[int, Tensor, Tensor]
"""The first row, and the distances of student and of teacher from it and some more rows to all from it on."""


def rkd_distance_loss(
    student: Tensor, teacher: Tensor, *, mask: Tensor | None = None, chunk: int | None = None
) -> Tensor:
    """Smooth L1 between the two matrices of Euclidean distances, each divided by its mean positive distance.

    The mean runs over all B * B entries, the zero diagonal included. Zero when the student's embeddings are the
    teacher's, turned, moved and scaled. Embeddings are not normalised first. There is no value per sample.
    The source's weight is 25. Differentiable once.

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
    student, teacher = lift_pair(kept(student, mask), kept(teacher, mask))
    size = rows_per_block(chunk, len(student), student)
    with without_autocast(student):
        # Distances do not see a common offset, but the products would lose their digits to it.
        count = max(1, len(student))
        student, teacher = (x - x.detach().sum(0) / count for x in (student, teacher))
        loss: Tensor = _DistanceLoss.apply(student, teacher, size)
    return loss


class _DistanceLoss(torch.autograd.Function):
    """The loss over centred embeddings, in two passes over blocks of pairs; its gradient takes a third."""

    @staticmethod
    def forward(ctx: Any, student: Tensor, teacher: Tensor, size: int) -> Tensor:
        whole = list(_blocks(student, teacher, size)) if len(student) <= size else None
        pairs = len(student) * (len(student) - 1) / 2
        totals = student.new_zeros(2)
        for _, ours, theirs in whole or _blocks(student, teacher, size):
            totals += torch.stack([ours.sum(), theirs.sum()])
        scales = pairs / totals.clamp_min(LEAST_SQUARED_DISTANCE)
        value, pull = student.new_zeros(2)
        for _, ours, theirs in whole or _blocks(student, teacher, size):
            value = value + F.smooth_l1_loss(scales[0] * ours, scales[1] * theirs, reduction="sum")
            pull = pull + _slope(scales, ours, theirs).mul_(ours).sum()
        ctx.size = size
        ctx.save_for_backward(student, teacher, scales, pull / totals[0].clamp_min(LEAST_SQUARED_DISTANCE))
        ctx.whole = whole
        loss: Tensor = 2 * value / max(1, len(student)) ** 2  # each pair stands in the matrix twice
        return loss

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        student, teacher, scales, pull = ctx.saved_tensors
        with torch.no_grad():
            blocks = ctx.whole or _blocks(student, teacher, ctx.size)
            gradient = _gradient(student, blocks, scales, pull) * (2 * grad / max(1, len(student)) ** 2)
        return once(gradient, student), None, None


def _gradient(student: Tensor, blocks: Iterable[Block], scales: Tensor, pull: Tensor) -> Tensor:
    """Of the sum of smooth L1 over all pairs, by the student, [B, D]."""
    gradient = torch.zeros_like(student)
    for start, ours, theirs in blocks:
        # Every distance also lengthens the mean that all of them are divided by: that is `pull`.
        weight = _slope(scales, ours, theirs).sub_(pull)
        weight = torch.where(ours > LEAST_DISTANCE, weight.div_(ours), 0)  # [R, B - start]
        rows, columns = slice(start, start + len(weight)), slice(start, None)
        gradient[rows] += weight.sum(1, keepdim=True) * student[rows] - weight @ student[columns]
        gradient[columns] += weight.sum(0).unsqueeze(1) * student[columns] - weight.T @ student[rows]
    return scales[0] * gradient


def _blocks(student: Tensor, teacher: Tensor, size: int) -> Iterator[Block]:
    """Of `size` rows each, the distances [R, B - first]."""
    for start in range(0, len(student), size):
        yield start, _distances(student[start:], size), _distances(teacher[start:], size)


def _distances(x: Tensor, size: int) -> Tensor:
    """[n, D] -> [R, n], of the first rows to those after them; 0 on and below the diagonal."""
    squares = x.square().sum(1)
    squared = torch.addmm(squares, x[:size], x.T, alpha=-2).add_(squares[:size].unsqueeze(1))
    return squared.clamp_min_(LEAST_SQUARED_DISTANCE).sqrt_().triu_(1)


def _slope(scales: Tensor, ours: Tensor, theirs: Tensor) -> Tensor:
    """The derivative of smooth L1 by its argument."""
    return (scales[0] * ours).sub_(scales[1] * theirs).clamp_(-1, 1)


class RKDDistanceLoss(nn.Module):
    """`rkd_distance_loss` with its memory bound stored."""

    def __init__(self, *, chunk: int | None = None) -> None:
        super().__init__()
        self.chunk = chunk

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return rkd_distance_loss(student, teacher, mask=mask, chunk=self.chunk)
