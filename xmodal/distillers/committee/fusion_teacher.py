"""A teacher that fuses several sensors teaches where there is something to learn: each item has an information weight.

HAS-KD, information-oriented heterogeneous distillation, arXiv 2606.25278 (points and images to points alone), here a
re-implementation from the description: the equations are ours. Evidence: described.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame
from xmodal.distillers.committee.committee import Committee, counted
from xmodal.losses import hint_loss, kd_loss
from xmodal.pairs import carry
from xmodal.tasks import Task

Information = Literal["student_entropy", "teacher_correct"]


class FusionTeacher(Committee):
    """Two terms, "logits" w T^2 KL(fusion || student) and "features" w mean_D (LN(P f_s) - LN(f_fusion))^2.

    w is a number of each sample, or token where the task is answered by tokens: it carries no gradient. LN has no
    parameters, P is the bus' projector; the mean over the width is ours.

    Args:
        task: a classification or segmentation task that both answer.
        teacher: the fusion model.
        information: w. "student_entropy" is the entropy of the student's probabilities over log C, in [0, 1];
            "teacher_correct" is 1 where the teacher's answer is the label, else 0, and what has no label is left out.
        temperature: T > 0.
    """

    def __init__(
        self,
        task: str,
        *,
        teacher: str = "teacher",
        information: Information = "student_entropy",
        temperature: float = 1.0,
    ) -> None:
        super().__init__(task, teachers=(teacher,))
        if information not in get_args(Information):
            raise ValueError(f"unknown information {information!r}; known: {', '.join(get_args(Information))}")
        self.information, self.temperature = information, temperature

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        super().connect(models, tasks)
        self.asked = tasks[self.task]
        self.projects = frozenset({"tokens" if self.paired else "pooled"})

    def needs(self) -> Mapping[str, Need]:
        need = Need(pooled=not self.paired, tokens=self.paired)
        return {"student": need, self.teacher: need}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        student = frame.student.outputs[self.task]
        teacher, known = self.answer(frame, self.teacher)
        weight, kept = self.weight(frame, student, teacher, known)
        divergence = kd_loss(student, teacher, temperature=self.temperature, reduction="none", mask=kept)
        features = hint_loss(*self._features(frame), reduction="none", mask=kept)
        return {"logits": counted(weight * divergence, kept), "features": counted(weight * features, kept)}

    def weight(self, frame: Frame, student: Tensor, teacher: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """The information weights, and which items count at all."""
        if self.information == "student_entropy":
            log_p = student.detach().float().log_softmax(-1)
            return -(log_p.exp() * log_p).sum(-1) / math.log(student.shape[-1]), known
        if frame.labelled.get(self.task) is None:
            return torch.zeros_like(known, dtype=torch.float32), torch.zeros_like(known)
        label = self.asked.targets(frame.labels[self.task], frame.student.tokens)
        return (teacher.argmax(-1) == label).float(), known & (label >= 0)

    def _features(self, frame: Frame) -> tuple[Tensor, Tensor]:
        projected, other = frame.student_as[self.teacher], frame.other(self.teacher)
        if not self.paired:
            return normed(projected.need_pooled("student")), normed(other.need_pooled(self.teacher).detach())
        own, theirs = projected.need_tokens("student").x, other.need_tokens(self.teacher).x.detach()
        carried, _ = carry(theirs, frame.pairs["student", self.teacher], own.shape[1])
        return normed(own), normed(carried)


def normed(x: Tensor) -> Tensor:
    """Each vector with mean 0 and variance 1, in float32 or wider."""
    return F.layer_norm(x.to(torch.promote_types(x.dtype, torch.float32)), x.shape[-1:])
