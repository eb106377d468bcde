"""A CLIP model's images and texts find each other: the loss that it is trained with.

Radford et al., "Learning transferable visual models from natural language supervision", arXiv 2103.00020.
Evidence: recalled (the standard symmetric InfoNCE with a learned scale).
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from xmodal.adapter import Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller
from xmodal.distillers.relational._two_towers import towers_of
from xmodal.losses import CLIPKDTerms


class TowerContrast(Distiller):
    """Term "contrast", a scalar: cross-entropy of images for their texts and of texts for their images, halved.

    For a CLIP model's own training: among `teacher_distillers`, or of a peer.

    Args:
        teacher: the model, "student" for the one that is trained.
    """

    def __init__(self, teacher: str = "student") -> None:
        super().__init__(teacher)
        # Its "task" is this loss; as no other term is asked for, the widths build nothing.
        self.loss = CLIPKDTerms(student_width=1, teacher_width=1, terms=("task",)).requires_grad_(False)

    def needs(self) -> Mapping[str, Need]:
        return {self.teacher: Need(pooled=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        model = frame.student if self.teacher == "student" else frame.other(self.teacher)
        image, text, scale = towers_of(model, self.teacher)
        mask = None if self.teacher == "student" else frame.taught[self.teacher]
        terms = self.loss(
            image,
            image.detach(),
            student_text=text,
            teacher_text=text.detach(),
            student_scale=scale,
            teacher_scale=1.0,
            mask=mask,
        )
        return {"contrast": terms["task"]}
