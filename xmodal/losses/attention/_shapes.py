"""The checks of what makes up two attention maps, before the maths."""

from __future__ import annotations

import torch
from torch import Tensor


def check_maps(student_query: Tensor, student_key: Tensor, teacher_query: Tensor, teacher_key: Tensor) -> None:
    """Queries [..., Nq, D] and keys [..., Nk, D]: one D a side, the rest shared by both sides.

    Raises:
        ValueError: otherwise; it quotes all four shapes.
    """
    tensors = (student_query, student_key, teacher_query, teacher_key)
    fits = all(x.ndim >= 2 and x.is_floating_point() for x in tensors)
    fits = fits and all(q.shape[-1] == k.shape[-1] > 0 for q, k in (tensors[:2], tensors[2:]))
    fits = fits and student_query.shape[:-1] == teacher_query.shape[:-1]
    fits = fits and student_key.shape[:-1] == teacher_key.shape[:-1]
    if not fits or student_query.shape[:-2] != student_key.shape[:-2]:
        found = ", ".join(
            f"{name} {list(x.shape)}"
            for name, x in zip(("student query", "student key", "teacher query", "teacher key"), tensors, strict=True)
        )
        raise ValueError(
            "expected floating queries [..., Nq, D] and keys [..., Nk, D], Nq, Nk and what precedes them the same "
            f"for student and teacher, found {found}"
        )


def spread_mask(mask: Tensor | None, name: str, items: tuple[int, ...]) -> Tensor | None:
    """A mask [..., N] in the shape of the items; dimensions it lacks just before the last one are shared.

    Raises:
        ValueError: a mask that is no bool or does not fit; it quotes the shapes that would.
    """
    if mask is None:
        return None
    lead, n = items[:-1], items[-1]
    given = mask.ndim - 1
    if mask.dtype != torch.bool or not 0 <= given <= len(lead) or mask.shape != (*lead[:given], n):
        wanted = " or ".join(str([*lead[:k], n]) for k in range(len(lead) + 1))
        raise ValueError(f"expected {name} to be bool {wanted}, found {mask.dtype} {list(mask.shape)}")
    missing = len(lead) - given
    return mask.reshape(*lead[:given], *(1,) * missing, n).expand(items)
