"""B x B matrices in blocks of rows, so that memory grows with B and not with B * B."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from xmodal.losses._checks import check_positive

BLOCK_BYTES = 32 * 2**20  # smaller ones stay in the heap of the C library, which they fragment
Result = TypeVar("Result", Tensor, tuple[Tensor, Tensor])
Part = TypeVar("Part")


def rows_per_block(chunk: int | None, columns: int, x: Tensor) -> int:
    """`chunk`, or for None as many rows of `columns` numbers of x's dtype as fit into 32 MiB; at least one.

    Raises:
        ValueError: for a chunk <= 0.
    """
    if chunk is None:
        return max(1, BLOCK_BYTES // max(1, columns * x.element_size()))
    check_positive("chunk", chunk)
    return chunk


def row_slices(rows: int, size: int) -> list[slice]:
    """Slices of `size` rows that cover all; one empty slice for no row."""
    return [slice(start, start + size) for start in range(0, max(1, rows), size)]


def summed(block: Callable[[Tensor, Part], Tensor], student: Tensor, parts: Sequence[Part]) -> Tensor:
    """The sum of block(student, part), a scalar each, over all parts; nothing of a part outlives it.

    Its gradient is computed along with the value, so that no block is computed twice; it is differentiable once.
    With one part alone this is that block.
    """
    if len(parts) == 1:
        return block(student, parts[0])
    total: Tensor = _Summed.apply(student, block, parts)
    return total


class _Summed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, student: Tensor, block: Callable[[Tensor, Any], Tensor], parts: Sequence[Any]) -> Tensor:
        wanted = ctx.needs_input_grad[0]
        total, gradient = student.new_zeros(()), torch.zeros_like(student)
        for part in parts:
            with torch.set_grad_enabled(wanted):
                leaf = student.detach().requires_grad_(wanted)
                value = block(leaf, part)
            if wanted:
                gradient += torch.autograd.grad(value, leaf)[0]
            total += value.detach()
        ctx.save_for_backward(student, gradient)
        return total

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        student, gradient = ctx.saved_tensors
        return once(grad * gradient, student), None, None


def once(gradient: Tensor, student: Tensor) -> Tensor:
    """The gradient; differentiating it again is an error, where it would else be taken for a constant."""
    if not torch.is_grad_enabled():
        return gradient
    passed_on: Tensor = _Once.apply(gradient, student)
    return passed_on


class _Once(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, gradient: Tensor, student: Tensor) -> Tensor:
        return gradient.clone()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[None, None]:
        raise RuntimeError("relational losses that are computed in blocks are differentiable once")


def recomputed(block: Callable[..., Result], *tensors: Tensor) -> Result:
    """block(*tensors), keeping nothing but its inputs: the backward computes it once more."""
    result: Result = checkpoint(block, *tensors, use_reentrant=False, preserve_rng_state=False)
    return result


def by_rows(block: Callable[..., Tensor], *rows: Tensor, size: int) -> Tensor:
    """The values of `block` over `size` rows at a time, put together.

    Args:
        block: [R, ...] of each tensor -> [R, ...]; further tensors come by closure.
        rows: [B, ...] each.
        size: rows a block; with one block alone nothing is computed twice.
    """
    if len(rows[0]) <= size:
        return block(*rows)
    return torch.cat([recomputed(block, *part) for part in zip(*(torch.split(x, size) for x in rows), strict=True)])
