"""The losses of CLIP-KD together, with the modules and scales that they learn.

Yang et al.: CLIP-KD, CVPR 2024, arXiv 2307.12732. Evidence: exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from xmodal.losses._checks import check_known, check_mask, check_same_batch
from xmodal.losses.relational._logits import RAW_SCALE, Scale, both_ways, matching
from xmodal.losses.relational._rows import kept
from xmodal.losses.relational._towers import two_towers, wide
from xmodal.losses.relational.clip_affinity import affinity_items
from xmodal.losses.relational.clip_cross_kd import cross_kd_items
from xmodal.losses.relational.clip_feature import feature_items
from xmodal.losses.relational.clip_gradient import Form, gradient_items
from xmodal.losses.relational.fused_contrastive import FusedContrastiveLoss
from xmodal.losses.relational.interactive_contrastive import interactive_items

TERMS = ("task", "crd", "fd", "icl", "gd", "afd", "cross_kd")


class CLIPKDTerms(nn.Module):
    """Named losses, unweighted; the source trains with task + crd + 2000 fd + icl.

    "task" is CLIP's own loss of the student, "crd" `clip_affinity_loss`, "fd" `clip_feature_loss` of images plus that
    of texts, "icl" `interactive_contrastive_loss`, "gd" `clip_gradient_loss`, "afd" `FusedContrastiveLoss`,
    "cross_kd" `clip_cross_kd_loss`. Where the widths differ, two learned maps bring the student to the teacher's
    width for fd, icl, gd and cross_kd; task, crd and afd use the student as it is.

    Attributes:
        cross_logit_scale: of icl and cross_kd; learned from log(1 / 0.07) = 2.659 on and, as in the source, not
            exponentiated.
    """

    def __init__(
        self,
        *,
        student_width: int,
        teacher_width: int,
        terms: Sequence[str] = ("task", "crd", "fd", "icl"),
        gradient_form: Form = "released",
        chunk: int | None = None,
    ) -> None:
        super().__init__()
        for term in terms:
            check_known("term", term, TERMS)
        self.terms = tuple(terms)
        self.gradient_form: Form = gradient_form
        self.chunk = chunk
        if student_width != teacher_width:
            self.visual_proj = nn.Linear(student_width, teacher_width)
            self.text_proj = nn.Linear(student_width, teacher_width)
        if "afd" in terms:
            self.fusion = FusedContrastiveLoss(student_width=student_width, teacher_width=teacher_width)
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
        """The chosen terms by name, a scalar each.

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
        own = projected = two_towers(student, teacher, student_text, teacher_text, None, self.chunk)
        if hasattr(self, "visual_proj"):
            image, text = wide(self.visual_proj, student), wide(self.text_proj, student_text)
            projected = two_towers(image, teacher, text, teacher_text, None, self.chunk)
        made: dict[str, Callable[[], Tensor]] = {
            "task": lambda: both_ways(matching, (own.image_s, own.text_s, student_scale), size=own.size),
            "crd": lambda: affinity_items(own, student_scale, teacher_scale, "kl"),
            "fd": lambda: feature_items(projected),
            "icl": lambda: interactive_items(projected, self.cross_logit_scale),
            "gd": lambda: gradient_items(projected, student_scale, teacher_scale, self.gradient_form),
            "afd": lambda: self.fusion.items(own),
            "cross_kd": lambda: cross_kd_items(projected, teacher_scale, self.cross_logit_scale),
        }
        return {term: made[term]().sum() / max(1, len(own.image_s)) for term in self.terms}
