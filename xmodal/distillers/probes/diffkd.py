"""The student's features and answers, taken for noisy ones of the teacher, are denoised and then compared.

DiffKD, Huang et al., "Knowledge diffusion for distillation", NeurIPS 2023 (code hunto/image_classification_sota).
Evidence: exact (the losses); ours (tokens of two sensors, each denoised alone, in place of maps of one image).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller
from xmodal.losses import DiffKDLogitsLoss, DiffKDLoss, DiffKDTokensLoss
from xmodal.pairs import carry
from xmodal.tasks import Task

What = Literal["tokens", "map"]


class DiffKD(Distiller):
    """Terms "feature", "diffusion", "reconstruction" and, with a task, "output" and "output_diffusion": scalars.

    The source weighs all of them 1. "feature" compares the denoised student with the teacher's latent, "output" the
    denoised logits with the teacher's; the others train denoisers and the teacher's autoencoder. Teacher tokens and
    logits are carried to the student's tokens over the pairs. Batch statistics take two items: with fewer, all is 0.

    Args:
        teacher: whose.
        what: "tokens" treats each paired token alone; "map" all tokens of a sample as a map on the student's grid, as
            the source does, with zeros on both sides where nothing is paired.
        task: a classification or segmentation for the logits; "" for features alone.
        latent_width: of the teacher's autoencoder; None for half the teacher's width.
        temperature: of the logits.
        steps: of denoising.
    """

    paired = True

    def __init__(
        self,
        *,
        teacher: str = "teacher",
        what: What = "tokens",
        task: str = "",
        latent_width: int | None = None,
        temperature: float = 1.0,
        steps: int = 5,
    ) -> None:
        super().__init__(teacher)
        if what not in ("tokens", "map"):
            raise ValueError(f"what must be 'tokens' or 'map', got {what!r}")
        self.what, self.task, self.latent_width = what, task, latent_width
        self.temperature, self.steps = temperature, steps

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        widths = models["student"].token_width, models[self.teacher].token_width
        self.features: nn.Module
        if self.what == "tokens":
            self.features = DiffKDTokensLoss(*widths, latent_width=self.latent_width, steps=self.steps)
        else:
            self.features = DiffKDLoss(*widths, latent_channels=self.latent_width, steps=self.steps)
        if self.task:
            classes = len(getattr(tasks[self.task], "classes", ()))
            if not classes:
                raise ValueError(f"expected a task with classes, found {self.task!r}")
            self.logits = DiffKDLogitsLoss(classes, temperature=self.temperature, steps=self.steps)

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(tokens=True), self.teacher: Need(tokens=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        names = ("feature", "diffusion", "reconstruction")
        student, teacher, mask = self._features(frame)
        found = dict(zip(names, _terms(self.features, student, teacher, mask), strict=True))
        if self.task:
            distance, diffusion, _ = _terms(self.logits, *self._answers(frame))
            found |= {"output": distance, "output_diffusion": diffusion}
        return found

    def _features(self, frame: Frame) -> tuple[Tensor, Tensor, Tensor]:
        """Student, teacher, and [B, N] or, of maps, [B]: what counts."""
        own = frame.student.need_tokens("student")
        teacher, mask = self._carried(frame, frame.other(self.teacher).need_tokens(self.teacher).x, own.x.shape[1])
        if self.what == "tokens":
            return own.x, teacher, mask
        if own.grid is None or len(own.grid) != 2:
            raise ValueError(f"maps need tokens on a grid (rows, columns), found grid {own.grid} of {own.key!r}")
        shape, kept = (len(own.x), -1, *own.grid), mask.unsqueeze(-1)
        maps = [torch.where(kept, x, 0).transpose(1, 2).reshape(shape) for x in (own.x, teacher)]
        return maps[0], maps[1], mask.any(1)

    def _answers(self, frame: Frame) -> tuple[Tensor, Tensor, Tensor]:
        """[M, C], [M, C], and [M] which rows count."""
        student, teacher = frame.student.outputs[self.task], frame.other(self.teacher).outputs[self.task]
        if student.ndim == 2:
            return student, teacher, frame.taught[self.teacher]
        carried, mask = self._carried(frame, teacher, student.shape[1])
        return student.flatten(0, 1), carried.flatten(0, 1), mask.flatten()

    def _carried(self, frame: Frame, values: Tensor, count: int) -> tuple[Tensor, Tensor]:
        carried, reached = carry(values.detach(), frame.pairs["student", self.teacher], count)
        return carried, reached & frame.taught[self.teacher].unsqueeze(1)


def _terms(loss: nn.Module, student: Tensor, teacher: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    if int(mask.sum()) < 2:
        nothing = student.sum() * 0.0
        return nothing, nothing, nothing
    found = loss.terms(student, teacher, mask=mask)  # type: ignore[operator]
    return found.distance, found.diffusion, found.reconstruction
