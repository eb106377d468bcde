"""The student keeps the teacher's pairwise distances inside the batch, up to one scale.

Park et al.: Relational Knowledge Distillation, CVPR 2019, arXiv 1904.05068. Evidence: exact.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_mask, check_same_batch
from xmodal.losses._items import blank
from xmodal.losses._precision import lift_pair, without_autocast

LEAST_SQUARED_DISTANCE = 1e-12


def rkd_distance_loss(student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """Smooth L1 between the two matrices of Euclidean distances, each divided by its mean positive distance.

    The mean runs over all B * B entries, the zero diagonal included. Zero when the student's embeddings are the
    teacher's, turned, moved and scaled. Embeddings are not normalised first. There is no value per sample.
    The source's weight is 25.

    Args:
        student: [B, Ds] embeddings.
        teacher: [B, Dt] embeddings; the widths may differ; gets no gradient.
        mask: [B] bool, True for what counts; masking equals removing the rows.

    Returns:
        A scalar, 0 for fewer than two rows; float32, or float64 for float64 inputs. Memory grows as B * B.

    Raises:
        ValueError: shapes or mask that do not fit.
    """
    check_same_batch(student, teacher)
    check_mask(mask, student.shape[:1])
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    keep = torch.ones(len(student), dtype=torch.bool, device=student.device) if mask is None else mask
    with without_autocast(student):
        ours, theirs = _scaled_distances(student, keep), _scaled_distances(teacher, keep)
    return F.smooth_l1_loss(ours, theirs, reduction="sum") / keep.sum().square().clamp_min(1)


def _scaled_distances(x: Tensor, keep: Tensor) -> Tensor:
    """[B, D] and [B] -> [B, B] distances over their positive mean; 0 on the diagonal and where a row is masked."""
    # Distances do not see a common offset, but the products below would lose their digits to it.
    x = x - (x.detach().sum(0) / keep.sum().clamp_min(1))
    squares = x.square().sum(-1)
    squared = squares.unsqueeze(0) + squares.unsqueeze(1) - 2 * x @ x.T  # [B, B]
    other = ~torch.eye(len(x), dtype=torch.bool, device=x.device)
    counted = keep.unsqueeze(0) & keep.unsqueeze(1) & other
    distance = torch.where(counted, squared.clamp_min(LEAST_SQUARED_DISTANCE).sqrt(), 0)
    return distance * (counted.sum() / distance.sum().clamp_min(LEAST_SQUARED_DISTANCE))


class RKDDistanceLoss(nn.Module):
    """`rkd_distance_loss` as a module; it has no hyperparameters."""

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return rkd_distance_loss(student, teacher, mask=mask)
