"""Relations between the samples of a batch: pairwise distances and triplet angles of the pooled vectors.

Park, Kim, Lu, Cho, "Relational knowledge distillation", CVPR 2019. Evidence: exact.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from xmodal.adapter import Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller
from xmodal.losses import rkd_angle_loss, rkd_distance_loss


class Relational(Distiller):
    """Terms "distance" and "angle"; the source weighs them 25 and 50.

    The widths of student and teacher may differ: only relations are compared, and nothing is projected.
    """

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(pooled=True), self.teacher: Need(pooled=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        student = frame.student.need_pooled("student")
        teacher, mask = frame.other(self.teacher).need_pooled(self.teacher), frame.taught[self.teacher]
        return {
            "distance": rkd_distance_loss(student, teacher, mask=mask),
            "angle": rkd_angle_loss(student, teacher, mask=mask),
        }
