"""The points of each superpixel of the image find the pixels of their own superpixel among those of all.

SLidR (CVPR 2022), code valeoai/SLidR: unit vectors, their means over superpixels, cross-entropy of the similarities of
those means. Evidence: exact (the loss); ours (superpixels in RGB on the cells of the image's tokens; the student alone
is projected, linearly, where the source decodes its image features too).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.adapter import Need
from xmodal.bus import Frame, Tokens
from xmodal.data.batch import Batch
from xmodal.distillers.base import Distiller
from xmodal.distillers.geometry._superpixels import superpixels
from xmodal.losses import superpixel_contrast_loss
from xmodal.pairs import tokens_of_elements


class SuperpixelContrast(Distiller):
    """Cross-entropy of superpixel means of points and of pixels; a scalar, since all of the batch are negatives.

    Args:
        teacher: whose tokens.
        image: which side reads the image; published with "teacher".
        step: cells of the image's token grid between two superpixel seeds.
        compactness: of the superpixels: what a distance of `step` cells counts, in units of the colour's range.
        temperature: > 0.
    """

    projects = frozenset({"tokens"})

    def __init__(
        self,
        teacher: str = "teacher",
        *,
        image: Literal["student", "teacher"] = "teacher",
        step: int = 4,
        compactness: float = 0.3,
        temperature: float = 0.07,
    ) -> None:
        super().__init__(teacher)
        if image not in ("student", "teacher"):
            raise ValueError(f"unknown image {image!r}; known: 'student', 'teacher'")
        self.image, self.step, self.compactness, self.temperature = image, step, compactness, temperature

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(tokens=True), self.teacher: Need(tokens=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        own = frame.student_as[self.teacher].need_tokens("student")
        theirs = frame.other(self.teacher).need_tokens(self.teacher)
        own, theirs = (replace(tokens, x=F.normalize(tokens.x.float(), dim=-1)) for tokens in (own, theirs))
        seen = frame.seen or frame.batch
        if self.image == "teacher":
            pixels = self._superpixels(theirs, seen)
            student, ours = _of_points(own, theirs, pixels, seen)
            sides = student, theirs.x, ours, pixels
        else:
            pixels = self._superpixels(own, frame.batch)
            teacher, others = _of_points(theirs, own, pixels, seen)
            sides = own.x, teacher, pixels, others
        taught = frame.taught[self.teacher]
        return {"superpixels": superpixel_contrast_loss(*sides, temperature=self.temperature, mask=taught)}

    def _superpixels(self, tokens: Tokens, batch: Batch) -> Tensor:
        """[B, N]: the superpixel of each token of the image."""
        if tokens.grid is None or len(tokens.grid) != 2:
            raise ValueError(f"superpixels need tokens on a grid (rows, columns), found grid {tokens.grid}")
        image, (rows, columns) = batch.tensor(tokens.key), tokens.grid
        with torch.no_grad():
            return superpixels(image, (rows, columns), step=self.step, compactness=self.compactness)


def _of_points(points: Tokens, image: Tokens, segments: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    """The feature [B, E, D] and superpixel [B, E] of each raw point, -1 for those that one of the two does not see."""
    token = tokens_of_elements(points, batch, points.key)
    cell = tokens_of_elements(image, batch, points.key)
    if token is None or cell is None:
        raise ValueError(f"the batch links no points of {points.key!r} to the image {image.key!r}")
    count = min(token.shape[1], cell.shape[1])  # where the last samples have no link, the two are padded differently
    token, cell = token[:, :count], cell[:, :count]
    values = points.x.gather(1, token.clamp_min(0).unsqueeze(-1).expand(-1, -1, points.x.shape[-1]))
    return values, torch.where((token >= 0) & (cell >= 0), segments.gather(1, cell.clamp_min(0)), -1)
