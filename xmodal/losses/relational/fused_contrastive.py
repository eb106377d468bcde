"""Images and texts find each other, each embedded by student and teacher together.

AFD of CLIP-KD: Yang et al., CVPR 2024, arXiv 2307.12732. For other widths of student and teacher the released code
does not run; what is done then is ours. Evidence: exact.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xmodal.losses._checks import check_same_batch
from xmodal.losses._items import Reduction
from xmodal.losses._vectors import unit
from xmodal.losses.relational._logits import RAW_SCALE, both_ways, matching
from xmodal.losses.relational._rows import reduce_kept
from xmodal.losses.relational._towers import Towers, two_towers, wide


class FusedContrastiveLoss(nn.Module):
    """The CLIP loss between two learned maps: of student and teacher image, and of student and teacher text.

    Each map is linear, from the two unit vectors side by side to the student's width, and what it gives is made a
    unit vector again. The maps are thrown away after training.

    Attributes:
        fusion_logit_scale: what cosines are multiplied by; learned from log(1 / 0.07) = 2.659 on and, as in the
            source, not exponentiated.
    """

    def __init__(
        self, *, student_width: int, teacher_width: int, reduction: Reduction = "mean", chunk: int | None = None
    ) -> None:
        super().__init__()
        self.reduction: Reduction = reduction
        self.chunk = chunk
        self.visual_fusion_proj = nn.Linear(student_width + teacher_width, student_width)
        self.text_fusion_proj = nn.Linear(student_width + teacher_width, student_width)
        self.fusion_logit_scale = nn.Parameter(torch.tensor(RAW_SCALE))

    def forward(
        self,
        student: Tensor,
        teacher: Tensor,
        *,
        student_text: Tensor,
        teacher_text: Tensor,
        mask: Tensor | None = None,
    ) -> Tensor:
        """A scalar, or [B] for the reduction "none"; log B when nothing can be told apart.

        Args:
            student: [B, student_width] image embeddings; made unit vectors here.
            teacher: [B, teacher_width] image embeddings; gets no gradient.
            student_text: [B, student_width]; trained too.
            teacher_text: [B, teacher_width]; gets no gradient.
            mask: [B] bool, True for what counts; masking equals removing.

        Raises:
            ValueError: shapes or mask that do not fit, an unknown reduction.
        """
        check_same_batch(student, teacher)
        towers = two_towers(student, teacher, student_text, teacher_text, mask, self.chunk)
        return reduce_kept(self.items(towers), mask, self.reduction)

    def items(self, x: Towers) -> Tensor:
        """The loss of each sample, [n]."""
        image = _fused(self.visual_fusion_proj, x.image_s, x.image_t)
        text = _fused(self.text_fusion_proj, x.text_s, x.text_t)
        return both_ways(matching, (image, text, self.fusion_logit_scale), size=x.size)


def _fused(layer: nn.Linear, student: Tensor, teacher: Tensor) -> Tensor:
    return unit(wide(layer, torch.cat([student, teacher], dim=1)))
