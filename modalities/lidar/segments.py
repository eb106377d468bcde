"""Means over groups of rows, and their way back: deterministic, in float32, with the sorting done once.

`torch.index_add` leaves the order of the additions to the device (on a GPU to chance) and visits the rows one by one.
Here the rows are sorted once by group; every later sum is one embedding bag, which adds up each group in that order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F


@dataclass(frozen=True, slots=True)
class Segments:
    """Which group each of T rows belongs to.

    Attributes:
        of: [T] long in [0, S): the group of each row.
        order: [T] long: the rows, group after group.
        start: [S] long: where each group begins in `order`; an empty group begins where the next one does.
        count: [S] long: rows in each group.
        share: [T] float32: 1 / (rows in the group of this row).
        weight: [T] float32: `share` in the sequence of `order`.
    """

    of: Tensor
    order: Tensor
    start: Tensor
    count: Tensor
    share: Tensor
    weight: Tensor

    @staticmethod
    def build(of: Tensor, groups: int) -> Segments:
        """Sort the rows by group [T] once."""
        ordered, order = torch.sort(of, stable=True)
        return Segments.of_sorted(order, ordered, groups=groups)

    @staticmethod
    def of_sorted(order: Tensor, ordered: Tensor, *, groups: int) -> Segments:
        """As `build`, where the sorting is done: `ordered` [T] are the groups of the rows in the sequence `order`."""
        of = torch.empty_like(ordered).scatter_(0, order, ordered)
        count = torch.bincount(ordered, minlength=groups)
        inverse = count.clamp_min(1).float().reciprocal()
        share, weight = inverse.index_select(0, of), inverse.index_select(0, ordered)
        return Segments(of=of, order=order, start=count.cumsum(0) - count, count=count, share=share, weight=weight)


class _Mean(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor, segments: Segments) -> Tensor:
        ctx.segments, ctx.dtype = segments, rows.dtype
        return _sum(rows, segments, segments.weight)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        rows = grad.index_select(0, ctx.segments.of).mul_(ctx.segments.share.unsqueeze(1))
        return rows.to(ctx.dtype), None


class _AddSpread(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor, groups: Tensor, segments: Segments) -> Tensor:
        ctx.segments, ctx.dtype = segments, groups.dtype
        return groups.index_select(0, segments.of).to(rows.dtype).add_(rows)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        return grad, _sum(grad, ctx.segments, None).to(ctx.dtype), None


def _sum(rows: Tensor, segments: Segments, weight: Tensor | None) -> Tensor:
    # Detached, or the bag prepares the indices for a backward of its own, at twice the time.
    values = rows.detach().float()
    return F.embedding_bag(segments.order, values, segments.start, mode="sum", per_sample_weights=weight)


def segment_mean(rows: Tensor, segments: Segments) -> Tensor:
    """[T, D] -> [S, D] float32: the mean of each group, zeros for an empty one."""
    out: Tensor = _Mean.apply(rows, segments)
    return out


def add_spread(rows: Tensor, groups: Tensor, segments: Segments) -> Tensor:
    """[T, D], [S, D] -> [T, D]: each row plus the value of its group, in the precision of the rows."""
    out: Tensor = _AddSpread.apply(rows, groups, segments)
    return out
