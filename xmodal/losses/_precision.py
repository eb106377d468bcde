"""Losses are computed in float32 or wider, whatever the networks ran in."""

from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor


def lift_pair(student: Tensor, teacher: Tensor) -> tuple[Tensor, Tensor]:
    """Both in one dtype, at least float32 (float64 stays), the teacher without gradient.

    Half precision has too few digits for the differences of logarithms and of distances that losses are made of.
    """
    if student.dtype == teacher.dtype == torch.float32:
        return student, teacher.detach()
    dtype = torch.promote_types(torch.promote_types(student.dtype, teacher.dtype), torch.float32)
    return student.to(dtype), teacher.detach().to(dtype)


def lifted_dtype(*tensors: Tensor) -> torch.dtype:
    """The type to compute with several tensors in: the widest of theirs, at least float32."""
    return reduce(torch.promote_types, (x.dtype for x in tensors), torch.float32)


def without_autocast(x: Tensor) -> torch.autocast:
    """Context for matrix products: autocast would compute them in half precision although x was lifted."""
    return torch.autocast(x.device.type, enabled=False)
