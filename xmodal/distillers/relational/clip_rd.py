"""CLIP-KD's terms, and relations between teacher and student inside one sensor and across the two: CLIP-RD.

CLIP-RD, arXiv 2603.25383. Evidence: exact (the terms); ours (a text tower that is dropped at export, linear maps from
any adapters).
"""

from __future__ import annotations

from torch import nn

from xmodal.distillers.relational._two_towers import TwoTowers
from xmodal.losses import CLIPRDTerms


class CLIPRD(TwoTowers):
    """Terms "task", "hrd", "icl", "fd", "vrd", "vrd_image", "vrd_text" and "xrd".

    The source weighs all 1, fd 2000. A student, a text tower and a teacher as `TwoTowers` has them.

    Args:
        text: the peer that is the student's text tower.
        teacher: a CLIP model with the parts "image" and "text".
        width: of the student's embeddings; None for the teacher's.
    """

    def made(self, student_width: int, teacher_width: int) -> nn.Module:
        return CLIPRDTerms(student_width=student_width, teacher_width=teacher_width)
