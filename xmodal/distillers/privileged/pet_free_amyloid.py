"""The student asks its MRI as the teacher asked with PET: the distillation phase of PET-free amyloid.

Chiumento et al., PET-guided MRI amyloid detection, arXiv 2604.12574, training/train_main.py of the authors.
Evidence: exact; ours (shares of the steps in place of epochs of 100, two logits in place of one).
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor
from torch.nn import functional as F

from xmodal.adapter import Adapter, Need
from xmodal.balance.base import lifted
from xmodal.balance.schedules import Stages, Weight, weight_at
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller, over_rows
from xmodal.losses import binary_kd_loss, hint_loss, margin_focal_loss
from xmodal.tasks import Task

TEMPERATURE = Stages(((0.0, 2.5), (0.05, 2.5), (0.2, 1.0)), linear=True)
MARGIN = Stages(((0.0, 0.3), (0.05, 0.3), (0.2, 1.2)), linear=True)
SEPARATION = Stages(((0.0, 0.1), (0.1, 0.3)))


class PETFreeAmyloid(Distiller):
    """Three terms of a yes-or-no task; numbers that the source changes once an epoch follow the share of steps done.

    - "class", a scalar: the margin focal loss of the student's logit on the labelled samples;
    - "feature", [B]: the mean squared difference of the unit pooled vectors, so (2 - 2 cos) / D and small;
    - "logit", [B]: T^2 BCE(student / T, sigmoid(teacher / T)).

    The source weighs them 0.3, 0.5, 0.2 at first and 0.4, 0.4, 0.2 from a tenth of the steps on (linear between), lets
    the student begin as the teacher (`start`), and has no other loss.

    Args:
        task: a classification of two classes; the logit is that of the second over the first.
        teacher: whose pooled vector and answers; of the student's own architecture and so of its width.
        temperature, margin, separation_weight: numbers or schedules of them; those of the source by default.
    """

    def __init__(
        self,
        task: str,
        *,
        teacher: str = "teacher",
        temperature: Weight = TEMPERATURE,
        margin: Weight = MARGIN,
        separation_weight: Weight = SEPARATION,
    ) -> None:
        super().__init__(teacher)
        self.task, self.temperature, self.margin = task, temperature, margin
        self.separation_weight = separation_weight

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        widths = models["student"].width, models[self.teacher].width
        if widths[0] != widths[1]:
            raise ValueError(f"expected student and teacher of one width, found {widths[0]} and {widths[1]}")

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(pooled=True), self.teacher: Need(pooled=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        teacher, taught = frame.other(self.teacher), frame.taught[self.teacher]
        logit = yes_logit(frame.student.outputs[self.task], self.task)
        target = yes_logit(teacher.outputs[self.task], self.task).detach()
        own, theirs = frame.student.need_pooled("student"), teacher.need_pooled(self.teacher)
        units = (F.normalize(lifted(x), dim=-1) for x in (own, theirs))
        soft = binary_kd_loss(
            logit, target, temperature=weight_at(self.temperature, frame.progress), mask=taught, reduction="none"
        )
        return {
            "class": self._class(logit, frame),
            "feature": over_rows(hint_loss(*units, mask=taught, reduction="none"), taught),
            "logit": over_rows(soft, taught),
        }

    def _class(self, logit: Tensor, frame: Frame) -> Tensor:
        labelled = frame.labelled.get(self.task)
        if labelled is None:
            return logit.sum() * 0.0  # no sample of this batch has the label
        return margin_focal_loss(
            logit,
            frame.labels[self.task],
            margin=weight_at(self.margin, frame.progress),
            separation_weight=weight_at(self.separation_weight, frame.progress),
            mask=labelled,
        )


def yes_logit(output: Tensor, task: str) -> Tensor:
    """[B] from [B, 2]: the log-odds of the second class.

    Raises:
        ValueError: another number of classes.
    """
    if output.ndim != 2 or output.shape[1] != 2:
        raise ValueError(f"task {task!r}: expected two classes [B, 2], found {list(output.shape)}")
    return output[:, 1] - output[:, 0]
