"""A radar student finds places again as a LiDAR teacher does: it sees its picture, its features, its descriptors.

4DRaL (ICRA 2026, arXiv 2603.26206) names three terms: local image enhancement, distillation of the distribution of
features, margin-based distillation of the response: a re-implementation from the description; the equations are ours,
as none was published in a form we could read. Ours too: the enhanced picture is drawn by a decoder from the student's
first layer and dropped after training; the source's student is fed with it. Evidence: described.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller, over_rows
from xmodal.distillers.geometry._ground_grid import Bounds, GroundGrid
from xmodal.losses import kd_loss, margin_response_loss
from xmodal.tasks import Task


class PlaceRecognition(Distiller):
    """Terms, each a value a sample:

    - "image": mean |decoder(student layer) - picture|, the picture being which cells of the ground the teacher's sensor
      had returns in;
    - "features": KL(softmax(teacher's pooled vector) || softmax(the student's in the teacher's width));
    - "response": max(0, |student's descriptor - teacher's| - margin).

    The axes of both sensors must be parallel.

    Args:
        task: a retrieval task that both answer.
        teacher: whose features and descriptors.
        layer: of the student, that the picture is drawn from.
        extent_m, cell_m: of the picture, see `GroundGrid`.
        ground_m: points below this height are left out of the picture.
        student_at_m: x and y of the student's sensor in the axes of the teacher's.
        width: channels of the decoder.
        margin: > 0, between unit vectors.
    """

    projects = frozenset({"pooled"})

    def __init__(
        self,
        task: str = "place",
        *,
        teacher: str = "teacher",
        layer: int = 0,
        extent_m: Bounds = ((0.0, 64.0), (-24.0, 24.0)),
        cell_m: float = 2.0,
        ground_m: float = -1.4,
        student_at_m: tuple[float, float] = (0.0, 0.0),
        width: int = 16,
        margin: float = 0.1,
    ) -> None:
        super().__init__(teacher)
        self.task, self.layer, self.ground_m, self.margin = task, layer, ground_m, margin
        self.grid, self.width, self.student_at_m = GroundGrid(extent_m, cell_m), width, student_at_m
        self.draw: nn.Module = nn.Identity()

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        self.entry = models[self.teacher].inputs[0]
        self.project = nn.Linear(models["student"].layer_widths[self.layer], self.width)
        self.draw = nn.Sequential(
            nn.Conv2d(self.width, self.width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(self.width, self.width, 3, padding=2, dilation=2),
            nn.ReLU(),
            nn.Conv2d(self.width, 1, 1),
        )

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(pooled=True, layers=True), self.teacher: Need(pooled=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        other, taught = frame.other(self.teacher), frame.taught[self.teacher]
        drawn, picture = self._drawn(frame), self._picture(frame)
        features = kd_loss(
            frame.student_as[self.teacher].need_pooled("student"),
            other.need_pooled(self.teacher),
            temperature=1.0,
            reduction="none",
        )
        response = margin_response_loss(
            frame.student.outputs[self.task], other.outputs[self.task], margin=self.margin, reduction="none"
        )
        terms = {
            "image": F.l1_loss(drawn, picture, reduction="none").flatten(1).mean(1),
            "features": features,
            "response": response,
        }
        return {name: over_rows(value, taught) for name, value in terms.items()}

    def _drawn(self, frame: Frame) -> Tensor:
        """[B, 1, H, W] in [0, 1]: the picture as the student's layer shows it."""
        tokens = frame.student.layers[self.layer]
        if tokens.where is None or tokens.frame.endswith("_px"):
            raise ValueError(f"the picture needs student tokens placed in metres, found frame {tokens.frame!r}")
        where = tokens.where[..., :2] + tokens.where.new_tensor(self.student_at_m)
        seen = self.grid.mean(self.project(tokens.x), where, tokens.mask())
        return torch.sigmoid(self.draw(seen).float())

    def _picture(self, frame: Frame) -> Tensor:
        """[B, 1, H, W] of 0 and 1, from the samples as the teacher saw them."""
        points, valid = (frame.seen or frame.batch).ragged(self.entry).padded()
        return self.grid.occupied(points, valid & (points[..., 2] >= self.ground_m))
