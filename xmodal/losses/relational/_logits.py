"""Losses over the rows of similarity logits s a b^T: what the CLIP family is made of."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.losses._checks import check_positive
from xmodal.losses._precision import without_autocast
from xmodal.losses.relational._blocks import by_rows

Scale = float | Tensor
"""What cosines are multiplied by; a tensor of one number where it is learned."""

Logits = tuple[Tensor, Tensor, Scale]
"""a [B, D], b [B, D] and s stand for the logits s a b^T, [B, B]."""

RowItems = Callable[..., Tensor]
"""(numbers of the rows [R], rows of logits [R, B], ...) -> [R]."""

RAW_SCALE = math.log(1 / 0.07)
"""Where CLIP-KD and CLIP-RD start their extra scales: a logarithm, but multiplied without being exponentiated."""


def check_scale(name: str, scale: Scale) -> None:
    """A scale given as a number is above zero. A learned one is the model's: looking at it would stop the device.

    Raises:
        ValueError: otherwise.
    """
    if not isinstance(scale, Tensor):
        check_positive(name, scale)


def row_items(items: RowItems, *logits: Logits, size: int) -> Tensor:
    """`items` of every row of the logits, [B], with `size` rows in memory at a time."""

    def block(own: Tensor, *starts: Tensor) -> Tensor:
        with without_autocast(starts[0]):
            made = [(scale * a) @ b.T for a, (_, b, scale) in zip(starts, logits, strict=True)]  # [R, B]
        return items(own, *made)

    first = logits[0][0]
    own = torch.arange(len(first), device=first.device)
    return by_rows(block, own, *(a for a, _, _ in logits), size=size)


def both_ways(items: RowItems, *logits: Logits, size: int) -> Tensor:
    """Half `items` of every row plus half `items` of every column, [B]."""
    first = logits[0][0]
    if len(first) > size:
        columns = [(b, a, scale) for a, b, scale in logits]
        return (row_items(items, *logits, size=size) + row_items(items, *columns, size=size)) / 2
    with without_autocast(first):
        whole = [(scale * a) @ b.T for a, b, scale in logits]  # [B, B]
    own = torch.arange(len(first), device=first.device)
    return (items(own, *whole) + items(own, *(x.T for x in whole))) / 2


def matching(own: Tensor, logits: Tensor) -> Tensor:
    """Cross-entropy of each row for its own column."""
    return F.cross_entropy(logits, own, reduction="none")


def divergence(own: Tensor, student: Tensor, teacher: Tensor) -> Tensor:
    """KL(softmax(teacher) || softmax(student)) of each row."""
    log_p_student, log_p_teacher = F.log_softmax(student, dim=1), F.log_softmax(teacher, dim=1)
    return F.kl_div(log_p_student, log_p_teacher, reduction="none", log_target=True).sum(1)
