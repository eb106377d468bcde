"""One student, a perceptron for each of several foundation models: summaries by direction, tokens by value too.

AM-RADIO, CVPR 2024, arXiv 2312.06709; with PHI-S targets, arXiv 2410.01680, the squared form. Evidence: recalled (both
losses and the heads); exact (the PHI-S transform, in `xmodal.balance.PHIS`). Carrying tokens over pairs is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from torch import Tensor, nn

from xmodal.adapter import Adapter
from xmodal.balance import Standardizer
from xmodal.distillers.committee.heads import perceptron
from xmodal.distillers.committee.teacher_heads import TeacherHeads
from xmodal.losses import cosine_loss, cosine_smooth_l1_loss, hint_loss

TokenForm = Literal["cosine_smooth_l1", "squared"]


class RadioHeads(TeacherHeads):
    """Terms "summary": 1 - cos; "tokens": of each token 0.9 (1 - cos) + 0.1 smooth L1, or the squared error.

    Args:
        targets: as in `TeacherHeads`: AM-RADIO takes features as they are (None), its successors `PHIS`.
        teacher: whose. A teacher without a summary of use (SAM, in the source) has targets for its tokens alone.
        hidden: width of the perceptrons' one hidden layer.
        tokens: "cosine_smooth_l1" or "squared", the loss used with PHI-S.
    """

    def __init__(
        self,
        targets: Mapping[str, Standardizer | None],
        *,
        teacher: str = "teacher",
        hidden: int = 256,
        tokens: TokenForm = "cosine_smooth_l1",
    ) -> None:
        super().__init__(targets, teacher=teacher)
        if tokens not in get_args(TokenForm):
            raise ValueError(f"unknown form of tokens {tokens!r}; known: {', '.join(get_args(TokenForm))}")
        self.hidden = hidden
        self.form: TokenForm = tokens

    def head(self, student: Adapter, part: str, width: int) -> nn.Module:
        return perceptron(student.width if part == "summary" else student.token_width, self.hidden, width)

    def summary_loss(self, student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
        return cosine_loss(student, teacher, reduction="none", mask=mask)

    def token_loss(self, student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
        if self.form == "squared":
            return hint_loss(student, teacher, reduction="none", mask=mask)
        return cosine_smooth_l1_loss(
            student, teacher, cosine_weight=0.9, smooth_l1_weight=0.1, reduction="none", mask=mask
        )
