"""A divergence between vocabulary distributions, computed a few tokens at a time, with its gradients."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from xmodal.losses._items import Reduction
from xmodal.losses._precision import without_autocast
from xmodal.losses.attention._vocabulary import Gradients, Head

Divergence = Callable[[Tensor, Tensor], Tensor]
"""Logits of student and teacher, [n, V] each -> [n]."""

LOGITS = 2**22
"""Numbers in the logits of a chunk, about. Smaller chunks would spend their time on reading the weight anew."""


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
        share = hidden.new_full(counted.shape, 1 / max(len(counted), 1), dtype=_dtype(student, teacher))
        if not any(ctx.needs_input_grad):
            return _items(student, teacher, divergence, counted) @ share
        items, gradients = _items_with_gradients(student, teacher, divergence, counted, share)
        # In the wide type: what a loss scaler multiplies later must not have vanished in half precision before.
        ctx.save_for_backward(gradients.hidden, gradients.weight, gradients.bias)
        ctx.types = (hidden.dtype, weight.dtype, None if bias is None else bias.dtype)
        return items @ share

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        made = (upstream * grad for grad in ctx.saved_tensors)
        grads = (None if to is None else grad.to(to) for grad, to in zip(made, ctx.types, strict=True))
        return *grads, None, None, None


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
        _, gradients = _items_with_gradients(student, Head(*of_teacher), ctx.divergence, counted, upstream[counted])
        bias_grad = None if bias is None else gradients.bias.to(bias.dtype)
        return gradients.hidden.to(hidden.dtype), gradients.weight.to(weight.dtype), bias_grad, None, None, None


def _items(student: Head, teacher: Head, divergence: Divergence, counted: Tensor) -> Tensor:
    """[M]."""
    dtype, items = _dtype(student, teacher), []
    with without_autocast(student.hidden):
        for tokens in _chunks(counted, student):
            items.append(divergence(student.logits(tokens, dtype), teacher.logits(tokens, dtype)))
    return torch.cat(items)


def _items_with_gradients(
    student: Head, teacher: Head, divergence: Divergence, counted: Tensor, upstream: Tensor
) -> tuple[Tensor, Gradients]:
    """The same, and the gradients of sum(upstream * items)."""
    gradients, items = Gradients(student, upstream.dtype), []
    with without_autocast(student.hidden):
        for tokens, weights in zip(_chunks(counted, student), _chunks(upstream, student), strict=True):
            logits = student.logits(tokens, upstream.dtype).requires_grad_()
            with torch.enable_grad():
                some = divergence(logits, teacher.logits(tokens, upstream.dtype))
            (slope,) = torch.autograd.grad(some, logits, weights)
            gradients.add(student, tokens, slope)
            items.append(some.detach())
    return torch.cat(items), gradients


def _chunks(of_tokens: Tensor, student: Head) -> tuple[Tensor, ...]:
    return torch.split(of_tokens, max(1, LOGITS // student.words()))


def _dtype(student: Head, teacher: Head) -> torch.dtype:
    tensors = (*student.tensors(), *teacher.tensors())
    return reduce(torch.promote_types, (x.dtype for x in tensors), torch.float32)
