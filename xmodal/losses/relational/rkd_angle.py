"""The student keeps the teacher's angles between triplets of the batch.

Park et al.: Relational Knowledge Distillation, CVPR 2019, arXiv 1904.05068. Evidence: exact.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_mask, check_same_batch
from xmodal.losses._items import blank
from xmodal.losses._precision import lift_pair, without_autocast
from xmodal.losses._vectors import unit


def rkd_angle_loss(student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """Smooth L1 between the cosines of the angle at x_i between x_j and x_k, for all i, j, k.

    The mean runs over all B * B * B entries, those with equal indices (cosine 0 or 1 for both) included. Zero when
    the student's embeddings are the teacher's, turned, moved and scaled. Embeddings are not normalised first.
    There is no value per sample. The source's weight is 50.

    Args:
        student: [B, Ds] embeddings.
        teacher: [B, Dt] embeddings; the widths may differ; gets no gradient.
        mask: [B] bool, True for what counts; masking equals removing the rows.

    Returns:
        A scalar, 0 for fewer than three rows; float32, or float64 for float64 inputs. Memory grows as B^3 + B^2 D.

    Raises:
        ValueError: shapes or mask that do not fit.
    """
    check_same_batch(student, teacher)
    check_mask(mask, student.shape[:1])
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    keep = torch.ones(len(student), dtype=torch.bool, device=student.device) if mask is None else mask
    with without_autocast(student):
        ours, theirs = _angle_cosines(student, keep), _angle_cosines(teacher, keep)
    return F.smooth_l1_loss(ours, theirs, reduction="sum") / keep.sum().pow(3).clamp_min(1)


def _angle_cosines(x: Tensor, keep: Tensor) -> Tensor:
    """[B, D] and [B] -> [B, B, B] by (corner, end, end); 0 where a row is masked."""
    direction = unit(x.unsqueeze(0) - x.unsqueeze(1))  # [B, B, D]: from corner i to end j
    direction = blank(direction, keep.unsqueeze(0) & keep.unsqueeze(1))
    return direction @ direction.transpose(1, 2)


class RKDAngleLoss(nn.Module):
    """`rkd_angle_loss` as a module; it has no hyperparameters."""

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return rkd_angle_loss(student, teacher, mask=mask)
