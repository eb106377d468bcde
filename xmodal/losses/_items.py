"""Masks and reductions over items: an item is a sample [B] or a token of a sample [B, N]."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Reduction = Literal["mean", "none"]


def blank(x: Tensor, mask: Tensor | None) -> Tensor:
    """x with zeros in the masked items, so that a NaN there reaches neither the value nor the gradient.

    Args:
        x: [B, ...].
        mask: bool over the leading dimensions of x, True for what counts; None leaves x as it is.
    """
    if mask is None:
        return x
    return torch.where(mask.reshape(mask.shape + (1,) * (x.ndim - mask.ndim)), x, 0)


def reduce_items(items: Tensor, mask: Tensor | None, reduction: Reduction) -> Tensor:
    """The mean over the items that count (0 when none does), or the items with zeros where masked.

    Args:
        items: [B], [B, N] or more.
        mask: bool over the leading dimensions of items, or None.
        reduction: "mean" gives a scalar, "none" the shape of items.

    Raises:
        ValueError: for another reduction.
    """
    items = blank(items, mask)
    if reduction == "none":
        return items
    if reduction != "mean":
        raise ValueError(f'unknown reduction {reduction!r}; known: "mean", "none"')
    if mask is None:
        return items.sum() / max(items.numel(), 1)
    per_entry = items.shape[mask.ndim :].numel()
    return items.sum() / (mask.sum() * per_entry).clamp_min(1)


def counted_rows(x: Tensor, mask: Tensor | None) -> Tensor:
    """[B, ..., D] -> [M, D]: the vectors of the M items that count; for quantities that mix all items.

    Args:
        x: [B, D], [B, N, D] or more.
        mask: bool over leading dimensions of x but the last, or None for all.
    """
    return (x if mask is None else x[mask]).flatten(0, -2)
