"""A radar student responds where the teacher sees objects, and takes over its map, its affinities and its answers.

CRKD (CVPR 2024), code Song-Jingyu/CRKD. Evidence: exact (masked feature, relation and response losses); ours (how a
map of activation is made from the channels; no detection heads, so the response has heat maps and no boxes).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.adapter import Adapter
from xmodal.bus import Frame
from xmodal.distillers.base import over_rows
from xmodal.distillers.geometry._from_above import (
    FromAbove,
    LabelledBoxes,
    as_map,
    layer_widths,
    pointwise,
    same_grid,
    shape_of,
)
from xmodal.losses import affinity_matrix_loss, box_mask, enlarged_sizes, mask_scaling_loss, quality_focal_loss
from xmodal.tasks import Task


class CRKD(FromAbove):
    """Terms "cross_stage", "feature", "relation" and "response".

    - "cross_stage" [B]: L1 between the activation of a low map of the student (sigmoid of one channel, by a 1 x 1
      convolution) and the teacher's probability of an object, the largest class;
    - "feature": half the squared difference of the tokens inside the labelled boxes, enlarged by distance and speed;
      on labelled samples;
    - "relation" [B]: affinity matrices of the tokens, resized, after a small convolution of the student;
    - "response": quality focal loss between the objects' log-odds, on every sample that has a teacher.

    Source weights 100, 10, 0.25 and 1 to 2.

    Args:
        task, teacher: as in `FromAbove`.
        low: the student's layer of the cross-stage term, on the grid of the tokens.
        sizes: the sides of the resized maps; the source adds 32.
        cell_m: edge of a cell of the tokens in metres.
        sensor: (column, row) where the sensors stand, in cells of the tokens.
    """

    def __init__(
        self,
        task: str,
        *,
        teacher: str = "teacher",
        low: int = 1,
        sizes: Sequence[int] = (16, 8, 4),
        cell_m: float = 1.5,
        sensor: tuple[float, float] = (12.0, 0.0),
    ) -> None:
        super().__init__(task, teacher=teacher)
        self.low, self.sizes, self.cell_m, self.sensor = low, tuple(sizes), cell_m, sensor

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        student, teacher = models["student"].token_width, models[self.teacher].token_width
        self.activation = nn.Conv2d(layer_widths(models, "student", (self.low,))[0], 1, 1)
        self.project = pointwise(student, teacher)
        self.relate = nn.ModuleList(nn.Conv2d(student, teacher, 3, padding=1) for _ in self.sizes)

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        student, teacher = self.both(frame)
        taught = frame.taught[self.teacher]
        own, other = student.need_tokens("student"), teacher.need_tokens(self.teacher)
        ours, theirs = same_grid(own, other)
        wanted = self.objects(teacher, other)
        active = self.activation(as_map(student.layers[self.low])).sigmoid().squeeze(1)  # [B, H, W]
        across = (active - wanted.sigmoid().amax(1)).abs().mean((1, 2))
        boxes = self._enlarged(self.boxes(frame, own))
        inside = box_mask(boxes.turned, boxes.sample, shape=shape_of(ours))
        return {
            "cross_stage": over_rows(across, taught),
            "feature": mask_scaling_loss(self.project(ours), theirs, inside, mask=self.counted(frame)),
            "relation": over_rows(self._relation(ours, theirs), taught),
            "response": quality_focal_loss(self.objects(student, own), wanted, mask=taught),
        }

    def _relation(self, ours: Tensor, theirs: Tensor) -> Tensor:
        total = ours.new_zeros(len(ours))
        for size, relate in zip(self.sizes, self.relate, strict=True):
            resized = F.interpolate(ours, size=(size, size), mode="bilinear", align_corners=False)
            target = F.interpolate(theirs, size=(size, size), mode="bilinear", align_corners=False)
            total = total + affinity_matrix_loss(relate(resized), target, sizes=(size,), reduction="none")
        return total

    def _enlarged(self, boxes: LabelledBoxes) -> LabelledBoxes:
        """Along their own axes: the speed is along the length."""
        centre = boxes.turned[:, :2] - boxes.turned.new_tensor(self.sensor)
        velocity = torch.stack([boxes.speed, torch.zeros_like(boxes.speed)], dim=1)
        sizes = enlarged_sizes(boxes.turned[:, 2:4] * self.cell_m, centre * self.cell_m, velocity) / self.cell_m
        return boxes._replace(turned=torch.cat([boxes.turned[:, :2], sizes, boxes.turned[:, 4:]], dim=1))
