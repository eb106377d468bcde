"""Each point finds the pixel that it falls on among the pixels of other points.

PPKT (arXiv 2104.04687): contrast of all point-pixel pairs, without superpixels. Evidence: recalled (the loss is
InfoNCE at temperature 0.07); ours (how many pairs are drawn).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from xmodal.adapter import Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller
from xmodal.distillers.geometry._point_pairs import rows_of, taught_pairs
from xmodal.losses import info_nce_loss


class PointPixelContrast(Distiller):
    """InfoNCE between the tokens of drawn pairs; a scalar, since the pairs of the batch are each other's negatives.

    A pair that stands for more points is drawn the more often; no pair twice.

    Args:
        teacher: whose tokens.
        pairs: drawn from the batch each step.
        temperature: > 0.
    """

    projects = frozenset({"tokens"})
    paired = True

    def __init__(self, teacher: str = "teacher", *, pairs: int = 1024, temperature: float = 0.07) -> None:
        super().__init__(teacher)
        if pairs < 2:
            raise ValueError(f"expected at least 2 pairs, found {pairs}")
        self.pairs, self.temperature = pairs, temperature

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(tokens=True), self.teacher: Need(tokens=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        pairs = taught_pairs(frame.pairs["student", self.teacher], frame.taught[self.teacher])
        own = frame.student_as[self.teacher].need_tokens("student").x
        theirs = frame.other(self.teacher).need_tokens(self.teacher).x
        if len(pairs.weight) < 2:  # a point without negatives says nothing
            return {"pairs": own.sum() * 0.0}
        drawn = torch.multinomial(pairs.weight, min(self.pairs, len(pairs.weight)))
        sample, student, teacher = pairs.index[drawn].unbind(1)
        a, b = rows_of(own, sample, student), rows_of(theirs, sample, teacher)
        found = info_nce_loss(a, b, temperature=self.temperature)
        return {"pairs": found}
