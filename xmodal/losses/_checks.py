"""The checks that every loss makes before its maths; each error quotes what was expected and what came."""

from __future__ import annotations

import torch
from torch import Tensor


def check_same_shape(student: Tensor, teacher: Tensor, *, expected: str, dims: range) -> None:
    """Both of one shape, with a number of dimensions in `dims`.

    Raises:
        ValueError: otherwise; it quotes `expected` (such as "[B, C] or [B, N, C]") and both shapes.
    """
    if student.shape != teacher.shape or student.ndim not in dims:
        raise _mismatch(f"student and teacher of one shape {expected}", student, teacher)


def check_same_batch(student: Tensor, teacher: Tensor) -> None:
    """[B, Ds] and [B, Dt]: as many rows, any two widths.

    Raises:
        ValueError: otherwise; it quotes both shapes.
    """
    if student.ndim != 2 or teacher.ndim != 2 or len(student) != len(teacher):
        raise _mismatch("student [B, Ds] and teacher [B, Dt] with the same B", student, teacher)


def check_mask(mask: Tensor | None, items: torch.Size) -> None:
    """None, or a bool tensor whose shape is that of the items or of their leading dimensions.

    Raises:
        ValueError: otherwise; it quotes the shapes and the dtype.
    """
    if mask is None:
        return
    if mask.dtype != torch.bool or not 1 <= mask.ndim <= len(items) or mask.shape != items[: mask.ndim]:
        wanted = " or ".join(str(list(items[:n])) for n in range(1, len(items) + 1))
        raise ValueError(f"expected a bool mask {wanted}, found {mask.dtype} {list(mask.shape)}")


def check_positive(name: str, value: float) -> None:
    """A hyperparameter above zero.

    Raises:
        ValueError: otherwise (NaN too).
    """
    if not value > 0:
        raise ValueError(f"expected {name} > 0, found {value}")


def _mismatch(expected: str, student: Tensor, teacher: Tensor) -> ValueError:
    return ValueError(f"expected {expected}, found student {list(student.shape)} and teacher {list(teacher.shape)}")
