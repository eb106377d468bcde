"""The plain baseline of the family: maps from above agree in feature, relation and response, inside of boxes only.

After what RadarDistill, UniDistill, BEVDistill and CRKD (CVPR and ICLR 2023, 2024) have in common. Evidence: ours.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from xmodal.adapter import Adapter
from xmodal.bus import Frame
from xmodal.distillers.base import over_rows
from xmodal.distillers.geometry._from_above import FromAbove, pointwise, same_grid, shape_of
from xmodal.losses import affinity_matrix_loss, box_mask, heatmap_response_loss, masked_map_loss
from xmodal.tasks import Task


class ForegroundMatch(FromAbove):
    """Terms "feature", "relation" [B] and "response" on the tokens, inside of the labelled boxes.

    "feature": mean squared difference. "relation": affinity matrices of the maps, zero outside of the boxes, resized.
    "response": the largest probability of an object. All on labelled samples.

    Args:
        task, teacher: as in `FromAbove`.
        size: side of the resized maps of the relation.
    """

    def __init__(self, task: str, *, teacher: str = "teacher", size: int = 16) -> None:
        super().__init__(task, teacher=teacher)
        self.size = size

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        self.project = pointwise(models["student"].token_width, models[self.teacher].token_width)

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        student, teacher = self.both(frame)
        own, other = student.need_tokens("student"), teacher.need_tokens(self.teacher)
        ours, theirs = same_grid(own, other)
        counted = self.counted(frame)
        boxes = self.boxes(frame, own)
        inside = box_mask(boxes.turned, boxes.sample, shape=shape_of(ours))
        only = inside.unsqueeze(1)
        relation = affinity_matrix_loss(ours * only, theirs * only, sizes=(self.size,), reduction="none", mask=counted)
        return {
            "feature": masked_map_loss(self.project(ours), theirs, inside, mask=counted),
            "relation": over_rows(relation, counted),
            "response": heatmap_response_loss(
                self.objects(student, own), self.objects(teacher, other), inside, mask=counted
            ),
        }
