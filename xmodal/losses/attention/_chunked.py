"""A divergence between vocabulary distributions, computed a few tokens at a time, with its gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from xmodal.losses._items import Reduction
from xmodal.losses._precision import lifted_dtype, without_autocast
from xmodal.losses.attention._vocabulary import Gradients, Head

Divergence = Callable[[Tensor, Tensor], Tensor]
"""Logits of student and teacher, [n, V] each -> [n]."""

LOGITS = 2**22
"""Numbers in the logits of a chunk, where that makes enough tokens."""
TOKENS = 32
"""Of a chunk, at least: fewer would spend their time on reading the weight anew."""


def chunked(student: Head, teacher: Head, divergence: Divergence, *, counted: Tensor, reduction: Reduction) -> Tensor:
    """The mean over the tokens that count, or all items [N] with zeros elsewhere.

    Args:
        student: with a weight.
        teacher: gets no gradient.
        divergence: of one chunk; differentiable in the student's logits.
        counted: [M], the numbers of the tokens that count.
        reduction: "mean" or "none".
    """
    function = ChunkedMean if reduction == "mean" else ChunkedItems
    found: Tensor = function.apply(student.hidden, student.weight, student.bias, teacher, divergence, counted)
    return found


class ChunkedMean(torch.autograd.Function):
    """The mean of the items that count; gradients are made in forward, where the logits are, and scaled in backward."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        teacher: Head,
        divergence: Divergence,
        counted: Tensor,
    ) -> Tensor:
        student = Head(hidden, weight, bias)
        share = hidden.new_full(
            counted.shape, 1 / max(len(counted), 1), dtype=lifted_dtype(*student.tensors(), *teacher.tensors())
        )
        if not any(ctx.needs_input_grad):
            return (_items(student, teacher, divergence, counted) * share).sum()
        gradients = _empty(student, share.dtype, ctx.needs_input_grad)
        items = _items_with_gradients(student, teacher, divergence, counted, share, gradients)
        # In the wide type: what a loss scaler multiplies later must not have vanished in half precision before.
        ctx.save_for_backward(*gradients.all())
        ctx.types = [x.dtype for x in (hidden, weight, hidden if bias is None else bias)]
        return (items * share).sum()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        return *_cast((None if x is None else x * upstream for x in ctx.saved_tensors), ctx.types), None, None, None


class ChunkedItems(torch.autograd.Function):
    """[N] items. Their gradients wait for upstream values, so backward makes the logits again."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        teacher: Head,
        divergence: Divergence,
        counted: Tensor,
    ) -> Tensor:
        ctx.save_for_backward(hidden, weight, bias, counted, teacher.hidden, teacher.weight, teacher.bias)
        ctx.divergence = divergence
        items = _items(Head(hidden, weight, bias), teacher, divergence, counted)
        return items.new_zeros(len(hidden)).index_copy(0, counted, items)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        hidden, weight, bias, counted, *of_teacher = ctx.saved_tensors
        student = Head(hidden, weight, bias)
        gradients = _empty(student, upstream.dtype, ctx.needs_input_grad)
        _items_with_gradients(student, Head(*of_teacher), ctx.divergence, counted, upstream[counted], gradients)
        types = [x.dtype for x in (hidden, weight, hidden if bias is None else bias)]
        return *_cast(gradients.all(), types), None, None, None


def _empty(student: Head, dtype: torch.dtype, needed: Sequence[bool]) -> Gradients:
    return Gradients(student, dtype, weight=needed[1], bias=needed[2])


def _cast(tensors: Iterable[Tensor | None], types: list[torch.dtype]) -> list[Tensor | None]:
    return [None if x is None else x.to(dtype) for x, dtype in zip(tensors, types, strict=True)]


def _items(student: Head, teacher: Head, divergence: Divergence, counted: Tensor) -> Tensor:
    """[M]."""
    dtype = lifted_dtype(*student.tensors(), *teacher.tensors())
    # Made before the chunks: small tensors left between them would keep the allocator from using their room again.
    items = student.hidden.new_empty(counted.shape, dtype=dtype)
    with without_autocast(student.hidden):
        for at in _chunks(counted, student):
            items[at] = divergence(student.logits(counted[at], dtype), teacher.logits(counted[at], dtype))
    return items


def _items_with_gradients(
    student: Head, teacher: Head, divergence: Divergence, counted: Tensor, upstream: Tensor, gradients: Gradients
) -> Tensor:
    """The same, while the gradients of sum(upstream * items) are added to `gradients`."""
    items = torch.empty_like(upstream)

    def add(at: slice) -> None:
        tokens = counted[at]
        of_teacher = teacher.logits(tokens, upstream.dtype)
        logits = student.logits(tokens, upstream.dtype).requires_grad_()
        with torch.enable_grad():
            some = divergence(logits, of_teacher)
        (slope,) = torch.autograd.grad(some, logits, upstream[at])
        gradients.add(student, tokens, slope)
        items[at] = some.detach()

    with without_autocast(student.hidden):
        for at in _chunks(counted, student):
            add(at)  # a function, so that nothing of a chunk lives on into the next
    return items


def _chunks(counted: Tensor, student: Head) -> Iterator[slice]:
    size = max(TOKENS, LOGITS // student.words())
    return (slice(start, start + size) for start in range(0, len(counted), size))
