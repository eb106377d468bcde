"""What the losses between maps share: checks of what lies beside a map, and means weighted by a foreground."""

from __future__ import annotations

import torch
from torch import Tensor

from xmodal.losses._checks import check_items, check_mask, check_same_but, check_same_shape
from xmodal.losses._items import blank


def check_map_pair(student: Tensor, teacher: Tensor, mask: Tensor | None) -> None:
    """Two maps of one shape [B, C, H, W] and a mask of samples.

    Raises:
        ValueError: otherwise.
    """
    check_same_shape(student, teacher, expected="[B, C, H, W]", dims=range(4, 5))
    check_mask(mask, student.shape[:1])


def check_grids(student: Tensor, teacher: Tensor, mask: Tensor | None) -> None:
    """Two maps [B, Cs, H, W] and [B, Ct, H, W] of any two widths, and a mask of samples.

    Raises:
        ValueError: otherwise.
    """
    expected = "student [B, Cs, H, W] and teacher [B, Ct, H, W] with the same B, H, W"
    check_same_but(student, teacher, 1, expected=expected, dims=range(4, 5))
    check_mask(mask, student.shape[:1])


def check_foreground(foreground: Tensor, student: Tensor) -> None:
    """[B, H, W] beside a student [B, C, H, W].

    Raises:
        ValueError: otherwise.
    """
    check_items("foreground", foreground, one_per_cell(student))


def one_per_cell(x: Tensor) -> torch.Size:
    """The shape [B, H, W] of numbers beside a map [B, C, H, W]."""
    return torch.Size((len(x), *x.shape[2:]))


def weights(foreground: Tensor, like: Tensor, mask: Tensor | None) -> Tensor:
    """A foreground (bool or numbers) as weights without gradient, in the dtype of `like`, 0 in masked samples."""
    return blank(foreground.detach(), mask).to(like.dtype)


def without_background(x: Tensor, weight: Tensor) -> Tensor:
    """[B, C, H, W] with zeros where the weight [B, H, W] is 0, so that a NaN there goes nowhere."""
    return torch.where(weight.unsqueeze(1) != 0, x, 0)


def weighted_mean(cells: Tensor, weight: Tensor) -> Tensor:
    """Sum of weight times cells over the sum of weights; 0 where there is no weight."""
    total = weight.sum()
    return (cells * weight).sum() / torch.where(total > 0, total, 1)


def count_samples(x: Tensor, mask: Tensor | None) -> Tensor:
    """How many samples of x [B, ...] count, at least 1."""
    return torch.as_tensor(len(x), device=x.device).clamp_min(1) if mask is None else mask.sum().clamp_min(1)
