"""A head of its own learns the scores of a teacher from another domain, so that the served head keeps clear of them.

Zero-shot cross-domain distillation for a music recommender, arXiv 2603.28994: the ranker of another service is the
teacher, used as it is. Evidence: described (re-implementation from the description); recalled (its ancestor,
distillation for recommenders with a separate head, Khani et al.). The soft labels of classes are ours.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller, over_rows
from xmodal.losses import SoftLabelLoss
from xmodal.tasks import Task


class DistillationHead(Distiller):
    """One term, named after the task: a second head on the student's pooled vector against the teacher's answer.

    The student's trunk learns through it; the head belongs to the distiller and is not exported. What is served never
    saw the teacher's bias: scale, calibration, favourite classes.

    Args:
        task: a pooled task that both models answer.
        teacher: whose answers; trained in its own domain and not adapted.
        loss: `(head's answer, teacher's answer)` without reduction; None for cross-entropy with the teacher's class
            probabilities. `BinaryKDLoss(reduction="none")` is the ancestor's, for yes-or-no scores.
    """

    head: nn.Module

    def __init__(self, task: str, *, teacher: str = "teacher", loss: nn.Module | None = None) -> None:
        super().__init__(teacher)
        self.task = task
        self.loss = SoftLabelLoss(reduction="none") if loss is None else loss

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        task = tasks[self.task]
        if task.level != "pooled":
            raise ValueError(f"expected a task with one answer a sample, found {self.task!r} with one a token")
        self.head = task.head(models["student"].width)

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(pooled=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        answer: Tensor = self.head(frame.student.need_pooled("student"))
        target = frame.other(self.teacher).outputs[self.task].detach()
        value: Tensor = self.loss(answer, target)
        if value.ndim == 0:
            raise ValueError('expected a loss with a value per sample (reduction="none"), found a scalar')
        return {self.task: over_rows(value.flatten(1).mean(1) if value.ndim > 1 else value, frame.taught[self.teacher])}
