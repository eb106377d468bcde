"""The divergence of two attention maps as one differentiable operation that remembers three numbers a query row."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from xmodal.losses._precision import lifted_dtype, without_autocast
from xmodal.losses.attention import _tiled_gradients, _tiled_rows
from xmodal.losses.attention._maps import AttentionMap, Direction, Rows, Sight


@dataclass(frozen=True, slots=True)
class Kernels:
    """One way to compute the rows and, from them, the gradients; see `_tiled_rows` and `_tiled_gradients`."""

    rows: Callable[..., Rows]
    gradients: Callable[..., tuple[Tensor, Tensor]]


TILED = Kernels(_tiled_rows.kl_rows, _tiled_gradients.student_gradients)


def kernels_for(*tensors: Tensor) -> Kernels:
    """Triton's where it is installed and the tensors are on a GPU and of a kind it takes, plain torch elsewhere."""
    if all(x.is_cuda for x in tensors) and find_spec("triton") is not None:
        from xmodal.losses.attention._triton import kl_rows, student_gradients, takes

        if takes(*tensors):
            return Kernels(kl_rows, student_gradients)
    return TILED


class StreamedKL(torch.autograd.Function):
    """[G, Nq] divergences in nats, float32 or wider. Gradients reach the student only.

    Arguments of `apply`: student query, student key, teacher query, teacher key [G, N, D]; their two scales; the
    sight; the direction; the kernels.
    """

    @staticmethod
    def forward(
        ctx: Any,
        student_query: Tensor,
        student_key: Tensor,
        teacher_query: Tensor,
        teacher_key: Tensor,
        scales: tuple[float, float],
        sight: Sight,
        direction: Direction,
        kernels: Kernels,
    ) -> Tensor:
        inputs = (student_query, student_key, teacher_query, teacher_key)
        student, teacher = _maps(inputs, scales)
        with without_autocast(student_query):
            rows = kernels.rows(student, teacher, sight, lifted_dtype(*inputs), direction=direction)
        ctx.save_for_backward(*inputs, rows.kl, rows.student, rows.teacher)
        ctx.scales, ctx.sight, ctx.direction, ctx.kernels = scales, sight, direction, kernels
        return rows.kl * math.log(2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        *inputs, kl, log_student, log_teacher = ctx.saved_tensors
        student, teacher = _maps(inputs, ctx.scales)
        rows = Rows(kl, log_student, log_teacher)
        with without_autocast(kl):
            grads = ctx.kernels.gradients(student, teacher, rows, upstream, ctx.sight, direction=ctx.direction)
        query, key = (grad.to(x.dtype) for grad, x in zip(grads, inputs[:2], strict=True))
        return query, key, None, None, None, None, None, None


def _maps(inputs: Any, scales: tuple[float, float]) -> tuple[AttentionMap, AttentionMap]:
    return AttentionMap(inputs[0], inputs[1], scales[0]), AttentionMap(inputs[2], inputs[3], scales[1])
