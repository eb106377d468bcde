"""An image student's tokens stand for the voxels that they look at, in the middle of a frozen point-cloud teacher.

Switch-KD (Li Auto, CVPR Findings 2026), arXiv 2604.14629, switches the visual path of two vision-language models; to
carry tokens over pairs of pixels and points into a 3-D model, and to compare only where they stand, is ours. A
re-implementation from the description of the original. Evidence: described; ours (the 3-D form).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller
from xmodal.distillers.switch._terms import check_bus_fits, compared
from xmodal.losses import DBiLDLoss
from xmodal.pairs import carry, inverse
from xmodal.tasks import Task


class PairedSwitch(Distiller):
    """An image student's tokens replace the voxels that they look at inside a frozen point-cloud teacher.

    Term "switch": the teacher's answers with the student's tokens in it, against its own, where they were put. A
    teacher token becomes the mean of the student tokens paired with it, in the teacher's width; one that no student
    token looks at stays the teacher's own. Gradient passes through the frozen teacher into the student.

    Args:
        task: a task with one answer a token, [B, N, C] logits of the teacher.
        loss: `(student, teacher, mask=...)` of logits; DBiLD at temperature 2 if None.
        teacher: its adapter must offer `upper`; PointEncoder does.
        layer: the teacher's hidden layer in which tokens are replaced; -1 leaves nothing above but its heads.

    Raises:
        ValueError: the teacher has no such layer, or one whose width is not that of its tokens.
    """

    projects = frozenset({"tokens"})
    paired = True

    def __init__(self, task: str, *, loss: nn.Module | None = None, teacher: str = "teacher", layer: int = 0) -> None:
        super().__init__(teacher)
        self.task, self.layer = task, layer
        self.loss = DBiLDLoss(temperature=2.0, reduction="none") if loss is None else loss

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        check_bus_fits(models[self.teacher], self.layer, "PairedSwitch")

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(tokens=True), self.teacher: Need(tokens=True, layers=self.layer != -1)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        teacher = frame.teachers[self.teacher]
        tokens = teacher.need_tokens(self.teacher)
        kept = (tokens if self.layer == -1 else teacher.layers[self.layer]).x
        own = frame.student_as[self.teacher].need_tokens("student").x
        carried, reached = carry(own, inverse(frame.pairs["student", self.teacher]), kept.shape[1])
        mixed = torch.where(reached.unsqueeze(-1), carried, kept)  # [B, N, D]
        switched = frame.switch[self.teacher](mixed, tokens.valid, self.layer, None).outputs[self.task]
        mask = reached & tokens.mask() & frame.taught[self.teacher].unsqueeze(1)
        return {"switch": compared(self.loss, switched, teacher.outputs[self.task], mask)}
