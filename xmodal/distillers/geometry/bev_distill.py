"""Maps from above agree where objects are, and each object is told from the others by the teacher's features.

BEVDistill (ICLR 2023), code zehuichen123/BEVDistill. Evidence: exact (dense term); paper (contrast at query points);
ours (centres of labelled boxes instead of query points; no instance term, for want of detection heads).
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from xmodal.adapter import Adapter
from xmodal.bus import Frame
from xmodal.distillers.geometry._from_above import FromAbove, pointwise, same_grid, shape_of
from xmodal.losses import gaussian_mask, info_nce_loss, masked_map_loss
from xmodal.tasks import Task


class BEVDistill(FromAbove):
    """Terms "dense" and "contrast" on the tokens, on labelled samples.

    "dense": squared differences under the Gaussian heat of the labelled boxes. "contrast": InfoNCE between student
    and teacher in the cells of the objects' centres, over all objects of the batch; a linear projection on either
    side, then a perceptron on the student's. The teacher's projection cannot collapse: the other objects are
    negatives. Source weights 0.01 (of a sum over channels) and 0.2.

    Args:
        task, teacher: as in `FromAbove`.
        hidden: width of projections and perceptron.
        temperature: of the contrast.
    """

    def __init__(self, task: str, *, teacher: str = "teacher", hidden: int = 512, temperature: float = 0.07) -> None:
        super().__init__(task, teacher=teacher)
        self.hidden, self.temperature = hidden, temperature

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        student, teacher = models["student"].token_width, models[self.teacher].token_width
        self.project = pointwise(student, teacher)
        self.own = nn.Sequential(
            nn.Linear(student, self.hidden),
            nn.Linear(self.hidden, self.hidden),
            nn.ReLU(),
            nn.Linear(self.hidden, self.hidden),
        )
        self.other = nn.Linear(teacher, self.hidden)

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        student, teacher = self.both(frame)
        own, other = student.need_tokens("student"), teacher.need_tokens(self.teacher)
        ours, theirs = same_grid(own, other)
        counted = self.counted(frame)
        boxes = self.boxes(frame, own)
        heat = gaussian_mask(boxes.turned, boxes.sample, shape=shape_of(ours))
        column, row = boxes.turned[:, :2].floor().long().unbind(1)
        on_map = (column >= 0) & (column < ours.shape[3]) & (row >= 0) & (row < ours.shape[2])
        at = (counted[boxes.sample] & on_map).nonzero().squeeze(1)
        sample, row, column = boxes.sample[at], row[at], column[at]
        found, wanted = ours[sample, :, row, column], theirs[sample, :, row, column]  # [M, D]
        return {
            "dense": masked_map_loss(self.project(ours), theirs, heat, mask=counted),
            "contrast": self._contrast(found, wanted),
        }

    def _contrast(self, found: Tensor, wanted: Tensor) -> Tensor:
        if not len(found):
            return found.sum() * 0.0
        return info_nce_loss(self.own(found), self.other(wanted), temperature=self.temperature, trained="both")
