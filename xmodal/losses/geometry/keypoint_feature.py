"""The student's map equals the teacher's at nine points of each box.

The feature term of UniDistill (CVPR 2023). Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._items import blank
from xmodal.losses._precision import lift_pair
from xmodal.losses.geometry._maps import check_map_pair
from xmodal.losses.geometry._sampling import Axes, check_points, guarded, sample_points


def keypoint_feature_loss(
    student: Tensor,
    teacher: Tensor,
    points: Tensor,
    sample: Tensor,
    *,
    form: Axes = "paper",
    mask: Tensor | None = None,
) -> Tensor:
    """Mean absolute difference at the points of each box, over points and channels; sum over boxes / (boxes + 1e-4).

    The maps are read bilinearly, with zeros beyond their border. Zero when they agree in the pixels around the
    points. A mean over boxes, so a sample with more boxes counts more; there is no value per sample. The source's
    weights: 100 for a camera student of a LiDAR teacher, 10 for the other pairs.

    Args:
        student: [B, C, H, W].
        teacher: same shape; gets no gradient.
        points: [M, K, 2] (x, y) in pixels of the maps, pixel i covering [i, i + 1), as from `box_keypoints`.
        sample: [M] int64, the sample of each box.
        form: "paper"; "released" exchanges x and y after dividing them by width and height, as the source's code
            does: right only if the maps are stored with x along the rows.
        mask: [B] bool, True for what counts; masking equals removing the samples and their boxes.

    Returns:
        A scalar, 0 without boxes; float32, or float64 for float64 inputs; in units of the maps.

    Raises:
        ValueError: shapes or mask that do not fit, an unknown form.
    """
    check_map_pair(student, teacher, mask)
    check_points(points, sample)
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    points = points if mask is None else blank(points, mask[sample])
    ours, theirs = (sample_points(x, points, sample, form) for x in (student, teacher))  # [M, K, C]
    boxes = (ours - theirs).abs().mean((1, 2))
    counted = len(boxes) if mask is None else mask[sample].sum()
    return boxes.sum() / guarded(counted)


class KeypointFeatureLoss(nn.Module):
    """`keypoint_feature_loss` with its hyperparameters stored."""

    def __init__(self, *, form: Axes = "paper") -> None:
        super().__init__()
        self.form: Axes = form

    def forward(
        self, student: Tensor, teacher: Tensor, points: Tensor, sample: Tensor, *, mask: Tensor | None = None
    ) -> Tensor:
        return keypoint_feature_loss(student, teacher, points, sample, form=self.form, mask=mask)
