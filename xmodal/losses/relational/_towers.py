"""Images and texts of a student and of a teacher, as unit vectors."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_mask
from xmodal.losses._precision import without_autocast
from xmodal.losses._vectors import unit
from xmodal.losses.relational._blocks import rows_per_block
from xmodal.losses.relational._rows import kept


@dataclass(frozen=True)
class Towers:
    """Unit vectors of the rows that count, [n, D] each in one dtype, the teacher's without gradient.

    Attributes:
        size: how many rows of an [n, n] matrix are in memory at a time.
    """

    image_s: Tensor
    text_s: Tensor
    image_t: Tensor
    text_t: Tensor
    size: int


def two_towers(
    student: Tensor, teacher: Tensor, student_text: Tensor, teacher_text: Tensor, mask: Tensor | None, chunk: int | None
) -> Towers:
    """Checks texts, mask and chunk, removes masked rows, lifts all four to one dtype and normalises them.

    Raises:
        ValueError: a text whose shape is not that of its image, a mask that does not fit, a chunk <= 0.
    """
    for name, text, image in (("student", student_text, student), ("teacher", teacher_text, teacher)):
        if text.shape != image.shape:
            raise ValueError(f"expected {name}_text {list(image.shape)} like {name}, found {list(text.shape)}")
    check_mask(mask, student.shape[:1])
    dtype = torch.float32
    for x in (student, student_text, teacher, teacher_text):
        dtype = torch.promote_types(dtype, x.dtype)
    image_s, text_s = (unit(kept(x, mask).to(dtype)) for x in (student, student_text))
    image_t, text_t = (unit(kept(x.detach(), mask).to(dtype)) for x in (teacher, teacher_text))
    return Towers(image_s, text_s, image_t, text_t, rows_per_block(chunk, len(image_s), image_s))


def wide(layer: nn.Linear, x: Tensor) -> Tensor:
    """The layer in the precision of the losses, whatever x and autocast say: float32, or float64 for float64 x."""
    x = x.to(torch.promote_types(x.dtype, torch.float32))
    with without_autocast(x):
        return F.linear(x, layer.weight.to(x.dtype), layer.bias.to(x.dtype))
