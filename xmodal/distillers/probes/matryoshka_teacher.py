"""A narrow student takes over the first channels of a teacher whose prefixes are embeddings of their own.

F2LLM-v2, arXiv 2603.19223 (code codefuse-ai/CodeFuse-Embeddings). Evidence: exact (truncated regression, weights of
the prefixes); ours (student and teacher in place of query and passage in the contrastive loss).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller, over_rows
from xmodal.losses import InfoNCELoss, Matryoshka, doubling_widths, truncated_hint_loss
from xmodal.tasks import Task


class MatryoshkaTeacher(Distiller):
    """Terms "truncated" and "contrast", [B]; the source weighs both 1.

    "truncated" is the mean squared difference of the student's pooled vector, as it is, from as many first channels
    of the teacher's. "contrast" sums, over nested prefixes with the source's weights, InfoNCE in the batch of the
    student's prefix for the teacher's, made unit vectors after the cut. The teacher's channels are in an order that
    means something only if it was trained so, as by `MatryoshkaHeads`.

    Args:
        teacher: whose pooled vector, at least as wide as the student's.
        widths: of the prefixes; None for 8, 16, ... and the student's own.
        temperature: of the cosines.
    """

    def __init__(
        self, *, teacher: str = "teacher", widths: Sequence[int] | None = None, temperature: float = 0.05
    ) -> None:
        super().__init__(teacher)
        self.widths = None if widths is None else tuple(widths)
        self.temperature = temperature

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        own, theirs = models["student"].width, models[self.teacher].width
        if theirs < own:
            raise ValueError(f"expected a teacher at least as wide as the student, found {theirs} and {own}")
        loss = InfoNCELoss(temperature=self.temperature, reduction="none")
        self.contrast = Matryoshka(loss, widths=self.widths or doubling_widths(own), weights="f2llm")

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(pooled=True), self.teacher: Need(pooled=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        student, taught = frame.student.need_pooled("student"), frame.taught[self.teacher]
        teacher = frame.other(self.teacher).need_pooled(self.teacher)
        truncated = truncated_hint_loss(student, teacher, mask=taught, reduction="none")
        contrast = self.contrast(student, teacher, mask=taught)
        return {"truncated": over_rows(truncated, taught), "contrast": over_rows(contrast, taught)}
