"""A policy with one camera does what an expert that sees all around does, and sees the situation as the expert does.

Omni-View and cross-modality distillation, ICRA 2026, arXiv 2603.20679: a depth policy teaches an RGB policy; its
equations are published in no form we could read. Evidence: described (re-implementation from the description). The
form of both terms and the choice of one sample a trajectory are ours.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from xmodal.adapter import Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller, over_rows
from xmodal.distillers.privileged.answers import Level, PrivilegedValues
from xmodal.losses import info_nce_loss


class PolicyImitation(Distiller):
    """Terms "actions", the values that the expert answers, and "latent", InfoNCE of the pooled vectors.

    Samples of one trajectory are near duplicates and no negatives of each other: the contrast takes the first sample
    of each trajectory in the batch.

    Args:
        task: a regression task that both models answer: the actions.
        teacher: the expert.
        level: "pooled" for one action a sample; "tokens" carries the expert's answers over the pairs.
        beta, scale: as in `PrivilegedValues`: errors are squared up to beta, then absolute.
        temperature: of the contrast.
        trajectory: the entry [B] or [B, 1] that numbers the trajectory of a sample; "" if every sample is of another.
    """

    projects = frozenset({"pooled"})

    def __init__(
        self,
        task: str,
        *,
        teacher: str = "teacher",
        level: Level = "pooled",
        beta: float = 1.0,
        scale: float = 1.0,
        temperature: float = 0.07,
        trajectory: str = "",
    ) -> None:
        super().__init__(teacher)
        self.task, self.temperature, self.trajectory = task, temperature, trajectory
        self.actions = PrivilegedValues(task, teacher=teacher, level=level, beta=beta, scale=scale)
        self.paired = self.actions.paired

    def needs(self) -> Mapping[str, Need]:
        return {name: need | Need(pooled=True) for name, need in self.actions.needs().items()}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        student = frame.student_as[self.teacher].need_pooled("student")
        teacher = frame.other(self.teacher).need_pooled(self.teacher)
        kept = self._one_of_each(frame)
        latent = info_nce_loss(student, teacher, temperature=self.temperature, reduction="none", mask=kept)
        return {"actions": self.actions(frame)[self.task], "latent": over_rows(latent, kept)}

    def _one_of_each(self, frame: Frame) -> Tensor:
        """[B] bool: taught, and the first such sample of its trajectory."""
        taught = frame.taught[self.teacher]
        if not self.trajectory:
            return taught
        number = (frame.seen or frame.batch).tensor(self.trajectory).reshape(len(taught), -1)[:, 0]
        before = torch.ones(len(number), len(number), dtype=torch.bool, device=number.device).tril(-1)
        same = number.unsqueeze(0) == number.unsqueeze(1)
        return taught & ~(same & before & taught.unsqueeze(0)).any(1)
