"""Projectors from every layer of the student, summed, meet each teacher's features on one scale.

UNIC, ECCV 2024, authors' code (modeling/losses.py, utils.py). Evidence: exact (losses, ladder, widths of its hidden
layers for ViT-B); ours (layers of other grids are averaged to the tokens' cells, a layer's summary is the mean of its
tokens, where the source has a class token; tokens are carried over pairs).
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.balance import Standardizer
from xmodal.bus import Frame
from xmodal.distillers.committee.heads import Ladder, at_tokens
from xmodal.distillers.committee.teacher_heads import TeacherHeads
from xmodal.losses import cosine_smooth_l1_loss


class UnicHeads(TeacherHeads):
    """Terms "summary" and "tokens", each 0.5 (1 - cos) + 0.5 smooth L1 of an image, tokens averaged.

    The source's loss of a teacher is the mean of the two: weigh each 0.5, and let `TeacherDropping` act on them.

    Args:
        targets: as in `TeacherHeads`; the source standardises both by `EMAStandardizer`.
        teacher: whose.
        hidden: of the ladder's perceptrons; last: of the one on the last layer.
    """

    def __init__(
        self,
        targets: Mapping[str, Standardizer | None],
        *,
        teacher: str = "teacher",
        hidden: int = 768,
        last: int = 3072,
    ) -> None:
        super().__init__(targets, teacher=teacher)
        self.hidden, self.last = hidden, last

    def head(self, student: Adapter, part: str, width: int) -> nn.Module:
        return Ladder(student.layer_widths, width, hidden=self.hidden, last=self.last)

    def needs(self) -> Mapping[str, Need]:
        needs = dict(super().needs())
        needs["student"] |= Need(layers=True)
        return needs

    def learned(self, frame: Frame, part: str) -> Tensor:
        layers = frame.student.layers
        if part == "summary":
            found = [layer.mean() for layer in layers]
        else:
            found = [at_tokens(layer, frame.student.need_tokens("student")) for layer in layers]
        out: Tensor = self.heads[part](found)
        return out

    def summary_loss(self, student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
        return cosine_smooth_l1_loss(student, teacher, reduction="none", mask=mask)

    def token_loss(self, student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
        return cosine_smooth_l1_loss(student, teacher, reduction="none", mask=mask)
