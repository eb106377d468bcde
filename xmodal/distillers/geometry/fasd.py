"""A light student takes over a heavy teacher's features in the cells that both have, and its answers at objects.

FASD (arXiv 2409.11018), a re-implementation from the description; its losses are published in no form we could read.
Evidence: described; ancestor (sparse distillation: features where both have voxels, quality focal loss on heat maps).
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from xmodal.adapter import Adapter
from xmodal.bus import Frame
from xmodal.distillers.base import mean_over
from xmodal.distillers.geometry._from_above import FromAbove, layer_widths, same_grid
from xmodal.losses import hint_loss, quality_focal_loss
from xmodal.tasks import Task


class FASD(FromAbove):
    """Terms "feature" [B] and "response", on every sample that has a teacher.

    "feature": mean squared difference, after a perceptron of the student, over the tokens of one layer that are valid
    on both sides: a cell without points in either cloud says nothing. "response": quality focal loss between the
    objects' log-odds. That the response is of heat maps alone, and the form of the perceptron, are ours.

    Args:
        task, teacher: as in `FromAbove`.
        layer: (of the student, of the teacher), on one grid, with `valid` for the cells that have points.
    """

    def __init__(self, task: str, *, teacher: str = "teacher", layer: tuple[int, int] = (0, 0)) -> None:
        super().__init__(task, teacher=teacher)
        self.layer = layer

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        (own,) = layer_widths(models, "student", self.layer[:1])
        (other,) = layer_widths(models, self.teacher, self.layer[1:])
        self.adapter = nn.Sequential(nn.Linear(own, other), nn.GELU(), nn.Linear(other, other))

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        student, teacher = self.both(frame)
        taught = frame.taught[self.teacher]
        ours, theirs = student.layers[self.layer[0]], teacher.layers[self.layer[1]]
        same_grid(ours, theirs)
        shared = ours.mask() & theirs.mask() & taught.unsqueeze(1)
        gap = hint_loss(self.adapter(ours.x), theirs.x, reduction="none")
        heat, wanted = (
            self.objects(e, e.need_tokens(name)) for e, name in ((student, "student"), (teacher, self.teacher))
        )
        return {"feature": mean_over(gap, shared), "response": quality_focal_loss(heat, wanted, mask=taught)}
