"""Paired tokens point the same way: each student token, projected, against the teacher's tokens that it sees.

The point-to-pixel regression of ScaLR (CVPR 2024) and HilDA (ECCV 2026), turned round so that the image learns from
the points. Evidence: described (re-implementation from the description). The
cosine form is the one HilDA reports as best.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from xmodal.adapter import Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller, mean_over
from xmodal.losses import cosine_loss
from xmodal.pairs import carry


class TokenAlign(Distiller):
    """1 - cosine between a student token and the mean of the teacher's tokens paired with it, over paired tokens."""

    projects = frozenset({"tokens"})
    paired = True

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(tokens=True), self.teacher: Need(tokens=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        student = frame.student_as[self.teacher].need_tokens("student").x
        teacher = frame.other(self.teacher).need_tokens(self.teacher).x
        target, reached = carry(teacher, frame.pairs["student", self.teacher], student.shape[1])
        return {"cosine": mean_over(cosine_loss(student, target, reduction="none"), reached)}
