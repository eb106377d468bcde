"""What CLIP-KD and CLIP-RD share: a student image tower and a small text tower beside it, against a CLIP teacher."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding, Frame
from xmodal.distillers.base import Distiller
from xmodal.errors import unknown
from xmodal.tasks import Task

LARGEST_SCALE = math.log(100)
START_SCALE = math.log(1 / 0.07)


class TwoTowers(Distiller):
    """Terms of images and texts, scalars: each compares the samples of a batch with each other.

    The student is the image tower; the text tower trains along as a peer and is dropped at export. Two linear maps
    bring both to one embedding, as the projections of CLIP do, and are dropped with it. The teacher gives
    `parts["image"]`, `parts["text"]` and `outputs["logit_scale"]`, as `OpenClip` does.

    Args:
        text: the peer.
        teacher: the CLIP model.
        width: of the student's embeddings; None for the teacher's width, where no further map is needed.

    Attributes:
        logit_scale: of the student, exponentiated, kept in [0, ln 100] as in the sources.
    """

    def __init__(self, *, text: str = "text", teacher: str = "teacher", width: int | None = None) -> None:
        super().__init__(teacher)
        self.text, self.width = text, width
        self.reads = (teacher, text)
        self.logit_scale = nn.Parameter(torch.tensor(START_SCALE))

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        theirs = models[self.teacher].width
        width = self.width or theirs
        self.image_head = nn.Linear(models["student"].width, width, bias=False)
        self.text_head = nn.Linear(models[self.text].width, width, bias=False)
        self.losses = self.made(width, theirs)

    def made(self, student_width: int, teacher_width: int) -> nn.Module:
        """The losses, called as `CLIPKDTerms` and `CLIPRDTerms` are."""
        raise NotImplementedError

    def needs(self) -> Mapping[str, Need]:
        return {name: Need(pooled=True) for name in ("student", self.teacher, self.text)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        with torch.no_grad():
            self.logit_scale.clamp_(0, LARGEST_SCALE)
        image, text, scale = towers_of(frame.other(self.teacher).detach(), self.teacher)
        terms: dict[str, Tensor] = self.losses(
            self.image_head(frame.student.need_pooled("student")),
            image,
            student_text=self.text_head(frame.other(self.text).need_pooled(self.text)),
            teacher_text=text,
            student_scale=self.logit_scale.exp(),
            teacher_scale=scale,
            mask=frame.taught[self.teacher] & frame.taught[self.text],
        )
        return terms


def towers_of(model: Embedding, owner: str) -> tuple[Tensor, Tensor, Tensor]:
    """The image and text embeddings [B, D] of a CLIP model, and the scale of their cosines.

    Raises:
        ConfigError: a model that is no such pair of towers.
    """
    for name in ("image", "text"):
        if name not in model.parts:
            raise unknown(f"part of {owner!r}", name, model.parts)
    if "logit_scale" not in model.outputs:
        raise unknown(f"output of {owner!r}", "logit_scale", model.outputs)
    image, text = (model.parts[name].need_pooled(f"part {name!r} of {owner!r}") for name in ("image", "text"))
    return image, text, model.outputs["logit_scale"][0]
