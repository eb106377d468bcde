"""The losses of CLIP-RD together, with the modules and scales that they learn.

CLIP-RD, arXiv 2603.25383. Evidence: exact.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xmodal.losses._checks import check_mask, check_same_batch
from xmodal.losses.relational._logits import RAW_SCALE, Scale, both_ways, matching
from xmodal.losses.relational._rows import kept
from xmodal.losses.relational._towers import two_towers, wide
from xmodal.losses.relational.clip_affinity import affinity_items
from xmodal.losses.relational.clip_feature import feature_items
from xmodal.losses.relational.cross_relation import cross_items
from xmodal.losses.relational.interactive_contrastive import interactive_items
from xmodal.losses.relational.vertical_relation import vertical_items


class CLIPRDTerms(nn.Module):
    """Named losses, unweighted; the source sums them with weight 1, "fd" with 2000.

    "task" is CLIP's own loss of the student, "hrd" `clip_affinity_loss`, "icl" `interactive_contrastive_loss`, "fd"
    `clip_feature_loss` of images plus that of texts, "vrd" `vertical_relation_loss`, "vrd_image" and "vrd_text"
    `contrastive_loss` of student and teacher images and texts, "xrd" `cross_relation_loss`. Where the widths differ,
    two learned maps bring the student to the teacher's width for all of them.

    Attributes:
        image_logit_scale, text_logit_scale: of the vertical terms; learned from log(1 / 0.07) = 2.659 on and, as in
            the source, not exponentiated.
        cross_logit_scale: the same of icl and xrd.
    """

    def __init__(self, *, student_width: int, teacher_width: int, chunk: int | None = None) -> None:
        super().__init__()
        self.chunk = chunk
        if student_width != teacher_width:
            self.visual_proj = nn.Linear(student_width, teacher_width)
            self.text_proj = nn.Linear(student_width, teacher_width)
        self.image_logit_scale = nn.Parameter(torch.tensor(RAW_SCALE))
        self.text_logit_scale = nn.Parameter(torch.tensor(RAW_SCALE))
        self.cross_logit_scale = nn.Parameter(torch.tensor(RAW_SCALE))

    def forward(
        self,
        student: Tensor,
        teacher: Tensor,
        *,
        student_text: Tensor,
        teacher_text: Tensor,
        student_scale: Scale,
        teacher_scale: Scale,
        mask: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """The eight terms by name, a scalar each. Memory grows as B * chunk.

        Args:
            student: [B, student_width] image embeddings; made unit vectors here.
            teacher: [B, teacher_width] image embeddings; gets no gradient.
            student_text: [B, student_width]; trained too.
            teacher_text: [B, teacher_width]; gets no gradient.
            student_scale: exp(logit_scale) of the student.
            teacher_scale: exp(logit_scale) of the teacher; without gradient.
            mask: [B] bool, True for what counts; masking equals removing.

        Raises:
            ValueError: shapes or mask that do not fit.
        """
        check_same_batch(student, teacher)
        check_mask(mask, student.shape[:1])
        student, teacher, student_text, teacher_text = (
            kept(x, mask) for x in (student, teacher, student_text, teacher_text)
        )
        if hasattr(self, "visual_proj"):
            student, student_text = wide(self.visual_proj, student), wide(self.text_proj, student_text)
        x = two_towers(student, teacher, student_text, teacher_text, None, self.chunk)
        items = {
            "task": both_ways(matching, (x.image_s, x.text_s, student_scale), size=x.size),
            "hrd": affinity_items(x, student_scale, teacher_scale, "kl"),
            "icl": interactive_items(x, self.cross_logit_scale),
            "fd": feature_items(x),
            "vrd": vertical_items(x, self.image_logit_scale, self.text_logit_scale),
            "vrd_image": both_ways(matching, (x.image_s, x.image_t, self.image_logit_scale), size=x.size),
            "vrd_text": both_ways(matching, (x.text_s, x.text_t, self.text_logit_scale), size=x.size),
            "xrd": cross_items(x, self.cross_logit_scale),
        }
        return {name: each.sum() / max(1, len(each)) for name, each in items.items()}
