"""Masks by removal: where every row meets every other, the masked ones are taken out before and put back after."""

from __future__ import annotations

from torch import Tensor

from xmodal.losses._items import Reduction, reduce_items


def kept(x: Tensor, mask: Tensor | None) -> Tensor:
    """[B, ...] -> [n, ...]: the rows that count."""
    return x if mask is None else x[mask]


def reduce_kept(items: Tensor, mask: Tensor | None, reduction: Reduction) -> Tensor:
    """`reduce_items` for the items [n] of the rows that count.

    Raises:
        ValueError: for an unknown reduction.
    """
    if mask is not None:
        items = items.new_zeros(mask.shape).masked_scatter(mask, items)
    return reduce_items(items, mask, reduction)
