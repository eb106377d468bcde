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


def check_maps(student: Tensor, teacher: Tensor) -> None:
    """[B, Cs, H, W] and [B, Ct, H', W']: as many maps, any channels and sizes.

    Raises:
        ValueError: otherwise; it quotes both shapes.
    """
    if student.ndim != 4 or teacher.ndim != 4 or len(student) != len(teacher):
        raise _mismatch("student [B, Cs, H, W] and teacher [B, Ct, H', W'] with the same B", student, teacher)


def check_channels(student: Tensor, teacher: Tensor) -> None:
    """[B, C, H, W] and [B, C, H', W']: as many maps of as many channels, any sizes.

    Raises:
        ValueError: otherwise; it quotes both shapes.
    """
    if student.ndim != 4 or teacher.ndim != 4 or student.shape[:2] != teacher.shape[:2]:
        raise _mismatch("student [B, C, H, W] and teacher [B, C, H', W'] with the same B and C", student, teacher)


def check_same_but(student: Tensor, teacher: Tensor, dim: int, *, expected: str, dims: range) -> None:
    """One shape but for dimension `dim`, which may differ; with a number of dimensions in `dims`.

    Raises:
        ValueError: otherwise; it quotes `expected` and both shapes.
    """
    alike = student.ndim == teacher.ndim and student.ndim in dims
    if not alike or any(a != b for i, (a, b) in enumerate(zip(student.shape, teacher.shape, strict=True)) if i != dim):
        raise _mismatch(expected, student, teacher)


def check_wider_teacher(student: Tensor, teacher: Tensor) -> None:
    """[B, ..., Ds] and [B, ..., Dt] with the same leading dimensions and Ds <= Dt.

    Raises:
        ValueError: otherwise; it quotes both shapes.
    """
    alike = student.ndim >= 2 and student.shape[:-1] == teacher.shape[:-1]
    if not alike or student.shape[-1] > teacher.shape[-1]:
        raise _mismatch("student [B, ..., Ds] and teacher [B, ..., Dt] with Ds <= Dt", student, teacher)


def check_items(name: str, x: Tensor, items: torch.Size) -> None:
    """A further tensor with one number an item, such as a weight.

    Raises:
        ValueError: otherwise; it quotes both shapes.
    """
    if x.shape != items:
        raise ValueError(f"expected {name} {list(items)}, found {list(x.shape)}")


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


def check_labels(labels: Tensor, items: torch.Size, *, classes: int, mask: Tensor | None = None) -> None:
    """One class number per item: integers or bool in [0, classes); anything where `mask` is False.

    Raises:
        ValueError: otherwise; it quotes shape and dtype, or the range found.
    """
    if labels.shape != items or labels.is_floating_point() or labels.is_complex():
        raise ValueError(f"expected integer labels {list(items)}, found {labels.dtype} {list(labels.shape)}")
    counted = labels if mask is None else labels[mask]
    # Reading values back would make a GPU wait at every step; there the lookup itself refuses such a label.
    if labels.device.type == "cpu" and counted.numel():
        lowest, highest = int(counted.min()), int(counted.max())
        if lowest < 0 or highest >= classes:
            raise ValueError(f"expected labels in [0, {classes}) where the mask is True, found {lowest} to {highest}")


def check_known(name: str, value: str, known: tuple[str, ...]) -> None:
    """A named option with one of its values.

    Raises:
        ValueError: otherwise; it lists the known values.
    """
    if value not in known:
        raise ValueError(f"unknown {name} {value!r}; known: " + ", ".join(f'"{one}"' for one in known))


def check_at_least_zero(name: str, value: float) -> None:
    """A hyperparameter that may be zero, such as the weight of a part.

    Raises:
        ValueError: otherwise (NaN too).
    """
    if not value >= 0:
        raise ValueError(f"expected {name} >= 0, found {value}")


def check_range(name: str, value: float, low: float, high: float) -> None:
    """A hyperparameter in [low, high], both included.

    Raises:
        ValueError: otherwise (NaN too).
    """
    if not low <= value <= high:
        raise ValueError(f"expected {name} in [{low}, {high}], found {value}")


def _mismatch(expected: str, student: Tensor, teacher: Tensor) -> ValueError:
    return ValueError(f"expected {expected}, found student {list(student.shape)} and teacher {list(teacher.shape)}")
