"""Images and texts of a small CLIP follow those of a large one: CLIP-KD's terms.

Yang et al., "CLIP-KD: an empirical study of CLIP model distillation", CVPR 2024, arXiv 2307.12732.
Evidence: exact (the terms); ours (a text tower that is dropped at export, linear maps from any adapters).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from torch import nn

from xmodal.distillers.relational._two_towers import TwoTowers
from xmodal.losses import CLIPKDTerms


class CLIPKD(TwoTowers):
    """Terms "task" (CLIP's own loss of the student), "crd", "fd", "icl" and, if asked for, "gd", "afd", "cross_kd".

    The source weighs task, crd and icl 1, fd 2000; gd 1e8 in its released form. A student, a text tower and a teacher
    as `TwoTowers` has them; samples that the teacher or the text tower cannot read take no part.

    Args:
        text: the peer that is the student's text tower.
        teacher: a CLIP model with the parts "image" and "text".
        width: of the student's embeddings; None for the teacher's.
        terms: which.
        gradient_form: of gd, see `clip_gradient_loss`.
    """

    def __init__(
        self,
        *,
        text: str = "text",
        teacher: str = "teacher",
        width: int | None = None,
        terms: Sequence[str] = ("task", "crd", "fd", "icl"),
        gradient_form: Literal["released", "infonce"] = "released",
    ) -> None:
        super().__init__(text=text, teacher=teacher, width=width)
        self.terms = tuple(terms)
        self.gradient_form: Literal["released", "infonce"] = gradient_form

    def made(self, student_width: int, teacher_width: int) -> nn.Module:
        return CLIPKDTerms(
            student_width=student_width,
            teacher_width=teacher_width,
            terms=self.terms,
            gradient_form=self.gradient_form,
        )
