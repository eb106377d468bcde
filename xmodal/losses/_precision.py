"""Losses are computed in float32 or wider, whatever the networks ran in."""

from __future__ import annotations

import torch
from torch import Tensor


def lift_pair(student: Tensor, teacher: Tensor) -> tuple[Tensor, Tensor]:
    """Both in one dtype, at least float32 (float64 stays), the teacher without gradient.

    Half precision has too few digits for the differences of logarithms and of distances that losses are made of.
    """
    dtype = torch.promote_types(torch.promote_types(student.dtype, teacher.dtype), torch.float32)
    return student.to(dtype), teacher.detach().to(dtype)


def without_autocast(x: Tensor) -> torch.autocast:
    """Context for matrix products: autocast would compute them in half precision although x was lifted."""
    return torch.autocast(x.device.type, enabled=False)
