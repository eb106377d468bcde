"""Starts the Triton kernels on a pair of attention maps; the same two functions as the tiles in plain torch."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from xmodal.losses.attention import _triton_kernels as kernels
from xmodal.losses.attention._maps import BITS, AttentionMap, Direction, Rows, Sight

WIDEST = 256


def takes(*tensors: Tensor) -> bool:
    """Whether the kernels compute these: half precision or float32, and narrow enough for a block to fit on chip."""
    return all(x.shape[-1] <= WIDEST and x.dtype != torch.float64 for x in tensors)


def kl_rows(
    student: AttentionMap, teacher: AttentionMap, sight: Sight, dtype: torch.dtype, *, direction: Direction
) -> Rows:
    """See `_tiled_rows.kl_rows`; dtype is float32."""
    assert dtype == torch.float32
    student, teacher = _prepared(student, teacher)
    groups, queries, _ = student.query.shape
    first, second = (teacher, student) if direction == "forward" else (student, teacher)
    kl, log1, log2 = student.query.new_empty(3, groups, queries, dtype=dtype)
    block = _block(student, teacher)
    grid = (groups * triton.cdiv(queries, block),)
    if grid[0]:
        with _device_of(kl):
            kernels.rows_kernel[grid](
                first.query, first.key, second.query, second.key, _mask(sight, kl), kl, log1, log2,
                queries, student.key.shape[1], sight.last or 0, BITS * first.scale, BITS * second.scale,
                D1=first.query.shape[-1], D2=second.query.shape[-1], W1=_width(first), W2=_width(second),
                BQ=block, BK=block, CAUSAL=sight.last is not None, MASKED=sight.keys is not None,
                num_stages=_stages(student, teacher),
            )  # fmt: skip
    return Rows(kl, log2, log1) if direction == "forward" else Rows(kl, log1, log2)


def student_gradients(
    student: AttentionMap, teacher: AttentionMap, rows: Rows, upstream: Tensor, sight: Sight, *, direction: Direction
) -> tuple[Tensor, Tensor]:
    """See `_tiled_gradients.student_gradients`."""
    student, teacher = _prepared(student, teacher)
    upstream = upstream.contiguous()
    grads = [torch.empty_like(x, dtype=torch.float32) for x in (student.query, student.key)]
    block = _block(student, teacher)
    for kernel, grad in zip((kernels.query_gradient_kernel, kernels.key_gradient_kernel), grads, strict=True):
        grid = (grad.shape[0] * triton.cdiv(grad.shape[1], block),)
        if grid[0]:
            with _device_of(grad):
                kernel[grid](
                    student.query, student.key, teacher.query, teacher.key, _mask(sight, grad),
                    rows.kl, rows.student, rows.teacher, upstream, grad,
                    student.query.shape[1], student.key.shape[1], sight.last or 0,
                    BITS * student.scale, BITS * teacher.scale, student.scale,
                    DS=student.query.shape[-1], DT=teacher.query.shape[-1], WS=_width(student), WT=_width(teacher),
                    BQ=block, BK=block, CAUSAL=sight.last is not None, MASKED=sight.keys is not None,
                    REVERSE=direction == "reverse", OPERAND=_operand(student), num_stages=_stages(student, teacher),
                )  # fmt: skip
    return grads[0], grads[1]


def _prepared(*maps: AttentionMap) -> tuple[AttentionMap, ...]:
    """Contiguous, query and key of a map in one type: the kernels multiply them as they come."""
    made = []
    for m in maps:
        dtype = m.query.dtype if m.query.dtype == m.key.dtype else torch.float32
        made.append(AttentionMap(m.query.to(dtype).contiguous(), m.key.to(dtype).contiguous(), m.scale))
    return tuple(made)


def _device_of(x: Tensor) -> AbstractContextManager[object]:
    """Triton starts kernels on the current device."""
    return torch.cuda.device(x.device) if x.is_cuda else nullcontext()


def _mask(sight: Sight, unused: Tensor) -> Tensor:
    return unused if sight.keys is None else sight.keys.contiguous().view(torch.uint8)


def _width(m: AttentionMap) -> int:
    return max(16, 1 << (m.query.shape[-1] - 1).bit_length())  # the least that tl.dot takes is 16


def _block(*maps: AttentionMap) -> int:
    """Queries or keys of a block: as many as leave room on chip for queries and keys of both maps."""
    row = sum(_width(m) * m.query.element_size() for m in maps)
    return 64 if row <= 512 else 32 if row <= 1024 else 16


def _stages(*maps: AttentionMap) -> int:
    # What float32 would gain by loading ahead it loses many times over where its blocks then exceed the chip.
    return 1 if any(m.query.dtype == torch.float32 for m in maps) else 2


def _operand(student: AttentionMap) -> Any:
    # A slope of float16 would vanish among thousands of keys; bfloat16 has the range of float32.
    return tl.bfloat16 if student.query.dtype == torch.bfloat16 else tl.float32
