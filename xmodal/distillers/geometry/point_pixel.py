"""Each point takes over the direction of the image feature that it falls on.

ScaLR (CVPR 2024), code valeoai/ScaLR: the Euclidean distance of unit vectors, not squared, mean over point-pixel
pairs, behind a linear head. Evidence: exact (the loss); ours (a pixel's feature is that of its token, without bilinear
interpolation; points that share a voxel of the student and a token of the image form one pair that counts as often).
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from xmodal.adapter import Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller
from xmodal.distillers.geometry._point_pairs import over_pairs, rows_of, taught_pairs
from xmodal.losses import scalr_loss


class PointPixel(Distiller):
    """|norm(head(student)) - norm(teacher)| of paired tokens, mean over the points of the batch.

    Published with a LiDAR student and an image teacher; it reads pairs only, so that either may be the student.
    """

    projects = frozenset({"tokens"})
    paired = True

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(tokens=True), self.teacher: Need(tokens=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        taught = frame.taught[self.teacher]
        pairs = taught_pairs(frame.pairs["student", self.teacher], taught)
        sample, own, theirs = pairs.index.unbind(1)
        student = rows_of(self.projected(frame), sample, own)  # [M, D]
        teacher = rows_of(frame.other(self.teacher).need_tokens(self.teacher).x, sample, theirs)
        return {"distance": over_pairs(scalr_loss(student, teacher, reduction="none"), pairs, len(taught))}

    def projected(self, frame: Frame) -> Tensor:
        """[B, N, D]: the student's tokens behind the head, which is linear."""
        return frame.student_as[self.teacher].need_tokens("student").x
