"""Generalized distillation: the teacher saw privileged inputs; its answers become the student's soft targets.

Lopez-Paz, Bottou, Schoelkopf, Vapnik, "Unifying distillation and privileged information", ICLR 2016.
Evidence: recalled (standard equation). Carrying the answers over token pairs is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from torch import Tensor

from xmodal.adapter import Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller, mean_over, over_rows
from xmodal.errors import unknown
from xmodal.losses import cosine_loss, soft_label_loss, value_loss
from xmodal.pairs import carry

Level = Literal["pooled", "tokens"]


class _Answers(Distiller):
    """The teacher's answer to a task, carried to wherever the student answers it.

    Labelled or not, every sample takes part: the pairs are what the student learns from.
    """

    def __init__(self, task: str, *, teacher: str = "teacher", level: Level = "pooled") -> None:
        super().__init__(teacher)
        if level not in ("pooled", "tokens"):
            raise ValueError(f"level must be 'pooled' or 'tokens', got {level!r}")
        self.task, self.level, self.paired = task, level, level == "tokens"

    def needs(self) -> Mapping[str, Need]:
        tokens = Need(tokens=self.level == "tokens")
        return {"student": tokens, self.teacher: tokens}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        student = frame.student.outputs[self.task]
        target = self.target(self._teacher_output(frame))
        if self.level == "pooled":
            kept = None if self.teacher in frame.all_taught else frame.taught[self.teacher]
            return {self.task: over_rows(self.compare(student, target), kept)}
        pairs = frame.pairs["student", self.teacher]
        carried, reached = carry(target, pairs, student.shape[1])
        return {self.task: mean_over(self.compare(student, carried), reached)}

    def _teacher_output(self, frame: Frame) -> Tensor:
        source = frame.other(self.teacher)
        if self.task not in source.outputs:
            raise unknown(f"output of teacher {self.teacher!r}", self.task, source.outputs)
        return source.outputs[self.task].detach()

    def target(self, output: Tensor) -> Tensor:
        """The teacher's output in the form that may be averaged over tokens."""
        raise NotImplementedError

    def compare(self, student: Tensor, target: Tensor) -> Tensor:
        """[B] or [B, N]: how far the student's output is from the target."""
        raise NotImplementedError


class Privileged(_Answers):
    """Soft class targets: cross-entropy of the student with softmax(teacher / temperature). No factor T^2.

    The source minimises (1 - lambda) x the loss of the labels + lambda x this term, lambda in [0, 1]. In a balance that
    is task=1 - lambda and lambda for this term or, but for one factor of the whole, task=1 and lambda / (1 - lambda).

    Args:
        task: a classification or segmentation task that both models answer.
        teacher: whose answers.
        level: "pooled" compares sample by sample; "tokens" carries the teacher's probabilities over the pairs.
        temperature: softens the teacher only, as in the source.
    """

    def __init__(
        self, task: str, *, teacher: str = "teacher", level: Level = "pooled", temperature: float = 1.0
    ) -> None:
        super().__init__(task, teacher=teacher, level=level)
        if temperature <= 0:
            raise ValueError(f"temperature must be positive, got {temperature}")
        self.temperature = temperature

    def target(self, output: Tensor) -> Tensor:
        return (output.float() / self.temperature).softmax(-1)

    def compare(self, student: Tensor, target: Tensor) -> Tensor:
        # The loss takes logits; the logarithm of a distribution is a set of logits for it.
        return soft_label_loss(student, target.clamp_min(1e-8).log(), temperature=1.0, reduction="none")


class PrivilegedValues(_Answers):
    """Measured values (metres, degrees): smooth L1 between the student's and the teacher's answer.

    Args:
        task: a regression task that both models answer.
        teacher, level: as in `Privileged`.
        beta: the error at which the loss turns from squared to absolute, in the task's unit.
        scale: the error is divided by it, so that the term has no unit.
    """

    def __init__(
        self,
        task: str,
        *,
        teacher: str = "teacher",
        level: Level = "pooled",
        beta: float = 1.0,
        scale: float = 1.0,
    ) -> None:
        super().__init__(task, teacher=teacher, level=level)
        self.beta, self.scale = beta, scale

    def target(self, output: Tensor) -> Tensor:
        return output.float()

    def compare(self, student: Tensor, target: Tensor) -> Tensor:
        return value_loss(student / self.scale, target / self.scale, beta=self.beta / self.scale, reduction="none")


class PrivilegedDescriptor(_Answers):
    """Vectors (the descriptor of a retrieval task): 1 - cosine between the student's and the teacher's answer.

    The student's descriptors come to lie where the teacher's lie, so that either finds what the other saw.

    Args:
        task: a retrieval task that both models answer.
        teacher: whose answers.
    """

    def __init__(self, task: str, *, teacher: str = "teacher") -> None:
        super().__init__(task, teacher=teacher)

    def target(self, output: Tensor) -> Tensor:
        return output.float()

    def compare(self, student: Tensor, target: Tensor) -> Tensor:
        return cosine_loss(student, target, reduction="none")
