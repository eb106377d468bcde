"""Whatever the sensors: maps from above agree at nine points of each object, in feature, relation and response.

UniDistill (CVPR 2023), code of the megvii-research organisation. Evidence: exact (losses, form "paper"); ours (no
detection heads, so the response has heat maps and no boxes).
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from xmodal.adapter import Adapter
from xmodal.bus import Frame
from xmodal.distillers.geometry._from_above import FromAbove, layer_widths, pointwise, same_grid, shape_of
from xmodal.losses import (
    box_keypoints,
    gaussian_mask,
    heatmap_response_loss,
    keypoint_feature_loss,
    keypoint_relation_loss,
)
from xmodal.tasks import Task


class UniDistill(FromAbove):
    """Terms "feature" (a low map), "relation" (the tokens) and "response" (heat of objects), on labelled samples.

    Key points are the corners, middles of edges and centre of each labelled box; the response is compared under
    `gaussian_mask` with the overlap and least radius of the source. Source weights 10, 5, 10 for most pairs of
    sensors; 100, 40, 10 for a camera student of a LiDAR teacher.

    Args:
        task, teacher: as in `FromAbove`.
        low: (layer of the student, layer of the teacher) of the feature term, on one grid.
    """

    def __init__(self, task: str, *, teacher: str = "teacher", low: tuple[int, int] = (1, 1)) -> None:
        super().__init__(task, teacher=teacher)
        self.low = low

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        (own,), (other,) = (
            layer_widths(models, name, (layer,))
            for name, layer in zip(("student", self.teacher), self.low, strict=True)
        )
        self.project = pointwise(own, other)

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        student, teacher = self.both(frame)
        counted = self.counted(frame)
        low, other_low = same_grid(student.layers[self.low[0]], teacher.layers[self.low[1]])
        own, other = student.need_tokens("student"), teacher.need_tokens(self.teacher)
        high, other_high = same_grid(own, other)
        below, above = self.boxes(frame, student.layers[self.low[0]]), self.boxes(frame, own)
        heat = gaussian_mask(above.turned, above.sample, shape=shape_of(high), min_overlap=0.7, min_radius=0)
        return {
            "feature": keypoint_feature_loss(
                self.project(low), other_low, box_keypoints(below.turned), below.sample, mask=counted
            ),
            "relation": keypoint_relation_loss(
                high, other_high, box_keypoints(above.turned), above.sample, mask=counted
            ),
            "response": heatmap_response_loss(
                self.objects(student, own), self.objects(teacher, other), heat, mask=counted
            ),
        }
