"""The average of several teachers is one teacher: the usual ensemble distillation.

Hinton, Vinyals, Dean: Distilling the Knowledge in a Neural Network, arXiv 1503.02531, for one teacher; the average of
several is common practice, EfficientAT's ensemble of nine among it. Evidence: exact (the loss); ours (teachers that a
sample lacks are left out of its average).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from xmodal.bus import Frame
from xmodal.distillers.committee.committee import Committee, Form, check_form, counted, mixed
from xmodal.losses import kd_loss


class AverageCommittee(Committee):
    """T^2 KL(average of the teachers || student), one term "soft".

    Args:
        task: a classification or segmentation task that all answer.
        teachers: by name, of equal weight.
        form: "logits" averages logits, "probabilities" the softened probabilities: different targets, as one sure
            teacher decides the first and cannot decide the second.
        temperature: T > 0.
    """

    def __init__(
        self, task: str, *, teachers: Sequence[str], form: Form = "probabilities", temperature: float = 1.0
    ) -> None:
        super().__init__(task, teachers=teachers)
        check_form(form)
        self.form: Form = form
        self.temperature = temperature

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        logits, known = self.answers(frame)
        share = known / known.sum(0).clamp_min(1)
        target = mixed(logits, share, form=self.form, temperature=self.temperature)
        student, kept = frame.student.outputs[self.task], known.any(0)
        values = kd_loss(student, target, temperature=self.temperature, reduction="none", mask=kept)
        return {"soft": counted(values, kept)}
