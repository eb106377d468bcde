"""The student keeps the teacher's angles between triplets of the batch.

Park et al.: Relational Knowledge Distillation, CVPR 2019, arXiv 1904.05068. Drawing some of the corners is ours.
Evidence: exact.
"""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_mask, check_positive, check_same_batch
from xmodal.losses._precision import lift_pair, without_autocast
from xmodal.losses._vectors import unit
from xmodal.losses.relational._blocks import row_slices, rows_per_block, summed
from xmodal.losses.relational._rows import kept


def rkd_angle_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    anchors: int | None = None,
    generator: torch.Generator | None = None,
    mask: Tensor | None = None,
    chunk: int | None = None,
) -> Tensor:
    """Smooth L1 between the cosines of the angle at x_i between x_j and x_k, for all j, k and all or some i.

    The mean runs over all B * B * B entries, those with equal indices (cosine 0 or 1 for both) included. Zero when
    the student's embeddings are the teacher's, turned, moved and scaled. Embeddings are not normalised first.
    There is no value per sample. The source's weight is 50.

    Args:
        student: [B, Ds] embeddings.
        teacher: [B, Dt] embeddings; the widths may differ; gets no gradient.
        anchors: how many corners x_i to draw, without replacement, at every call; the result is then an unbiased
            estimate. None, or as many as there are rows, for all corners: time grows as B^3 then.
        generator: draws the corners, on the CPU; torch's own one for None.
        mask: [B] bool, True for what counts; masking equals removing the rows.
        chunk: rows (corner, end) of cosines in memory at a time; None for as many as fit into 32 MiB together with
            the vectors they come from. Changes no value.

    Returns:
        A scalar, 0 for fewer than three rows; float32, or float64 for float64 inputs. Memory grows as B * chunk.

    Raises:
        ValueError: shapes or mask that do not fit, anchors or chunk <= 0.
    """
    check_same_batch(student, teacher)
    check_mask(mask, student.shape[:1])
    student, teacher = lift_pair(kept(student, mask), kept(teacher, mask))
    corners = _corners(len(student), anchors, generator).to(student.device)
    count = max(1, len(student))
    size = rows_per_block(chunk, count + max(student.shape[1], teacher.shape[1]), student)

    def block(student: Tensor, part: tuple[Tensor, slice]) -> Tensor:
        ours, theirs = (_angle_cosines(x, *part) for x in (student, teacher))
        return F.smooth_l1_loss(ours, theirs, reduction="sum")

    # Whole corners as long as the block has room for one, or else parts of one corner at a time.
    some, ends = torch.split(corners, max(1, size // count)), row_slices(len(student), min(size, count))
    return summed(block, student, list(product(some, ends))) / max(1, len(corners) * count**2)


def _corners(rows: int, anchors: int | None, generator: torch.Generator | None) -> Tensor:
    if anchors is not None:
        check_positive("anchors", anchors)
    if anchors is None or anchors >= rows:
        return torch.arange(rows)
    return torch.randperm(rows, generator=generator)[:anchors]


def _angle_cosines(x: Tensor, corners: Tensor, ends: slice) -> Tensor:
    """[B, D] -> [corners, ends, B]: cosines between the directions to some ends and those to all rows."""
    with without_autocast(x):
        direction = unit(x.unsqueeze(0) - x[corners].unsqueeze(1))  # [corners, B, D]
        # A slice of everything would still be copied in the backward.
        some = direction if ends.stop - ends.start >= len(x) else direction[:, ends]
        return some @ direction.transpose(1, 2)


class RKDAngleLoss(nn.Module):
    """`rkd_angle_loss` with its hyperparameters stored."""

    def __init__(
        self,
        *,
        anchors: int | None = None,
        generator: torch.Generator | None = None,
        chunk: int | None = None,
    ) -> None:
        super().__init__()
        self.anchors = anchors
        self.generator = generator
        self.chunk = chunk

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return rkd_angle_loss(
            student, teacher, anchors=self.anchors, generator=self.generator, mask=mask, chunk=self.chunk
        )
