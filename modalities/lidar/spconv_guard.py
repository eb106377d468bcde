"""Makes spconv 2.3.8 right on a CPU; calls on GPU tensors pass untouched.

On CPU tensors spconv's gather and scatter race when torch has more than one thread and give wrong numbers; its backward
asks CUDA for a stream, which fails without a driver; bf16 autocast ends in a KeyError; a bias in eval mode in an
AssertionError; indices that are not contiguous (what `nonzero` returns) are read in the wrong order. One thread is not
only exact but also several times faster.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from typing import Any

import torch
from torch import Tensor

from xmodal.errors import XmodalError

_on_cpu: ContextVar[bool] = ContextVar("_on_cpu", default=False)
_MARK = "_xmodal_guard"
_Function = Callable[..., Any]


@cache
def load_spconv() -> Any:
    """The module `spconv.pytorch`, guarded.

    Raises:
        XmodalError: spconv is not installed.
    """
    try:
        with warnings.catch_warnings():
            # Its build tools call what the standard library deprecates.
            warnings.simplefilter("ignore")
            import spconv.pytorch as spconv
    except ImportError as error:
        message = "SparseUNet needs spconv: pip install 'xmodal[lidar]', or take PointEncoder, which needs nothing"
        raise XmodalError(message) from error
    # It asks torch a question whose wording torch finds old; the user can do nothing about it.
    logging.getLogger("torch.fx._symbolic_trace").addFilter(lambda record: "is_fx_tracing" not in record.getMessage())
    guard_spconv(spconv.ops)
    return spconv


def guard_spconv(ops: Any) -> None:
    """Wrap the functions of `spconv.pytorch.ops` in place; a second call changes nothing.

    Every caller inside spconv looks them up as `ops.name` at the time of the call, so all of them are reached.
    """
    wrappers: dict[str, Callable[[_Function], _Function]] = {
        "get_current_stream": _stream,
        "get_indice_pairs": _pairs,
        "indice_conv": _forward,
        "indice_conv_backward": _backward,
    }
    for name, wrap in wrappers.items():
        original = getattr(ops, name)
        if not hasattr(original, _MARK):
            wrapped = wraps(original)(wrap(original))
            setattr(wrapped, _MARK, True)
            setattr(ops, name, wrapped)


@contextmanager
def _cpu_call() -> Iterator[None]:
    threads = torch.get_num_threads()
    token = _on_cpu.set(True)
    try:
        if threads != 1:
            torch.set_num_threads(1)
        with torch.autocast("cpu", enabled=False):
            yield
    finally:
        _on_cpu.reset(token)
        if threads != 1:
            torch.set_num_threads(threads)


def _lift(x: Tensor) -> Tensor:
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def _stream(original: _Function) -> _Function:
    def get_current_stream() -> Any:
        return 0 if _on_cpu.get() else original()

    return get_current_stream


def _pairs(original: _Function) -> _Function:
    def get_indice_pairs(indices: Tensor, *rest: Any, **options: Any) -> Any:
        if indices.is_cuda:
            return original(indices, *rest, **options)
        with _cpu_call():
            return original(indices.contiguous(), *rest, **options)

    return get_indice_pairs


def _forward(original: _Function) -> _Function:
    def indice_conv(
        features: Tensor, filters: Tensor, *rest: Any, bias: Tensor | None = None, **options: Any
    ) -> Tensor:
        if features.is_cuda:
            on_gpu: Tensor = original(features, filters, *rest, bias=bias, **options)
            return on_gpu
        with _cpu_call():
            out: Tensor = original(_lift(features), _lift(filters), *rest, **options)
        return out if bias is None else out + bias

    return indice_conv


def _backward(original: _Function) -> _Function:
    def indice_conv_backward(
        features: Tensor, filters: Tensor, out_bp: Tensor, *rest: Any, **options: Any
    ) -> tuple[Tensor, Tensor]:
        if features.is_cuda:
            on_gpu: tuple[Tensor, Tensor] = original(features, filters, out_bp, *rest, **options)
            return on_gpu
        with _cpu_call():
            grads = original(_lift(features), _lift(filters), _lift(out_bp), *rest, **options)
        return grads[0].to(features.dtype), grads[1].to(filters.dtype)

    return indice_conv_backward
