"""A light convolution for each teacher predicts its whole feature map, standardised once before training.

Theia, CoRL 2024, authors' code. Evidence: exact (loss, standardisation); ours (the layout of the light convolution;
places that no pair reaches are zero on both sides).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xmodal.adapter import Adapter
from xmodal.balance import Standardizer
from xmodal.bus import Frame
from xmodal.distillers.committee.heads import LightConvolution
from xmodal.distillers.committee.teacher_heads import TeacherHeads
from xmodal.losses import theia_loss


class TheiaHeads(TeacherHeads):
    """Term "tokens": 0.9 (1 - cos) + 0.1 smooth L1, the cosine that of all tokens and channels as one vector.

    The source averages over its N teachers: weigh each 1 / N.

    Args:
        standardizer: of the teacher's tokens; the source's is `FixedStandardizer`. None for features as they are.
        teacher: whose.
        hidden: channels of the light convolution.
        dims: sides of the student's token grid: 2 for images, 3 for volumes.
    """

    def __init__(
        self, standardizer: Standardizer | None = None, *, teacher: str = "teacher", hidden: int = 128, dims: int = 2
    ) -> None:
        super().__init__({"tokens": standardizer}, teacher=teacher)
        self.hidden, self.dims = hidden, dims

    def head(self, student: Adapter, part: str, width: int) -> nn.Module:
        return LightConvolution(student.token_width, self.hidden, width, dims=self.dims)

    def learned(self, frame: Frame, part: str) -> Tensor:
        out: Tensor = self.heads[part](frame.student.need_tokens("student"))
        return out

    def token_loss(self, student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
        student, teacher = (torch.where(mask.unsqueeze(-1), x, 0) for x in (student, teacher))
        return theia_loss(student, teacher, reduction="none", mask=mask.any(1))
