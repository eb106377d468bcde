"""A student with a gated privileged stream follows the teacher's answers, mode by mode, and its features as a set.

PRIDE, empathetic dialogue, arXiv 2606.23124: dual-level alignment by reverse KL on logits and MMD of features. This is
a re-implementation from the description; the linear projection of the student, the reductions and the bandwidths are
ours. Evidence: described; ours (equations).
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from xmodal.adapter import Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller, over_rows
from xmodal.losses import mmd_loss, reverse_kl_loss


class GatedPrivilege(Distiller):
    """Terms "reverse_kl", [B]: KL(student || teacher) of a task's answers; "mmd", a scalar: MMD^2 of pooled vectors.

    The gated stream, its dropout and its null token are the student's (`PrivilegedStream`).

    Args:
        task: a classification that both answer.
        teacher: whose answers and pooled vectors; the student's are projected to their width.
        temperature: of both sides; no T^2.
    """

    projects = frozenset({"pooled"})

    def __init__(self, task: str, *, teacher: str = "teacher", temperature: float = 1.0) -> None:
        super().__init__(teacher)
        self.task, self.temperature = task, temperature

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(pooled=True), self.teacher: Need(pooled=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        teacher, taught = frame.other(self.teacher), frame.taught[self.teacher]
        answers = frame.student.outputs[self.task], teacher.outputs[self.task]
        reverse = reverse_kl_loss(*answers, temperature=self.temperature, mask=taught, reduction="none")
        own = frame.student_as[self.teacher].need_pooled("student")
        return {
            "reverse_kl": over_rows(reverse, taught),
            "mmd": mmd_loss(own, teacher.need_pooled(self.teacher), mask=taught),
        }
