"""The student's features at the points of a box relate to each other as the teacher's do.

The relation term of UniDistill (CVPR 2023). Evidence: exact.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xmodal.losses._items import blank
from xmodal.losses._precision import lift_pair, without_autocast
from xmodal.losses._vectors import SHORTEST
from xmodal.losses.geometry._maps import check_grids
from xmodal.losses.geometry._sampling import GUARD, Axes, check_points, guarded, sample_points


def keypoint_relation_loss(
    student: Tensor,
    teacher: Tensor,
    points: Tensor,
    sample: Tensor,
    *,
    form: Axes = "paper",
    mask: Tensor | None = None,
) -> Tensor:
    """Mean absolute difference of the two K x K matrices of cosines between points; sum over boxes / (boxes + 1e-4).

    The maps are read bilinearly, with zeros beyond their border; lengths have 1e-4 added. Zero when the angles between
    the features at the points of a box are the same, whatever their common rotation and, but for that 1e-4, their
    lengths; so the maps may differ in width. There is no value per sample. The source's weights: 40 for a camera
    student of a LiDAR teacher, 5, 5 and 1 for camera of fusion, LiDAR of camera and LiDAR of fusion.

    Args:
        student: [B, Cs, H, W].
        teacher: [B, Ct, H, W]; gets no gradient.
        points: [M, K, 2] (x, y) in pixels of the maps, pixel i covering [i, i + 1), as from `box_keypoints`.
        sample: [M] int64, the sample of each box.
        form: "paper"; "released" exchanges x and y after dividing them by width and height, as the source's code
            does: right only if the maps are stored with x along the rows.
        mask: [B] bool, True for what counts; masking equals removing the samples and their boxes.

    Returns:
        A scalar, 0 without boxes; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, an unknown form.
    """
    check_grids(student, teacher, mask)
    check_points(points, sample)
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    points = points if mask is None else blank(points, mask[sample])
    ours, theirs = (_cosines(sample_points(x, points, sample, form)) for x in (student, teacher))  # [M, K, K]
    boxes = (ours - theirs).abs().mean((1, 2))
    counted = len(boxes) if mask is None else mask[sample].sum()
    return boxes.sum() / guarded(counted)


def _cosines(x: Tensor) -> Tensor:
    """[M, K, C] -> [M, K, K]; a zero vector gets no gradient instead of one of 1e4."""
    length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    x = torch.where(length > SHORTEST, x / (length + GUARD), 0)
    with without_autocast(x):
        return x @ x.transpose(1, 2)


class KeypointRelationLoss(nn.Module):
    """`keypoint_relation_loss` with its hyperparameters stored."""

    def __init__(self, *, form: Axes = "paper") -> None:
        super().__init__()
        self.form: Axes = form

    def forward(
        self, student: Tensor, teacher: Tensor, points: Tensor, sample: Tensor, *, mask: Tensor | None = None
    ) -> Tensor:
        return keypoint_relation_loss(student, teacher, points, sample, form=self.form, mask=mask)
