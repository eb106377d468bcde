"""An attention map as its queries and keys, and which keys a query sees; the map itself is never made."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

BITS = math.log2(math.e)
"""Logits are kept in bits, so that exponentials are powers of two."""

Direction = Literal["forward", "reverse"]
"""forward: KL(teacher || student); reverse: KL(student || teacher)."""


@dataclass(frozen=True, slots=True)
class AttentionMap:
    """softmax(scale query key^T) over the keys; G counts batch entries and heads together.

    Attributes:
        query: [G, Nq, D].
        key: [G, Nk, D].
        scale: > 0.
    """

    query: Tensor
    key: Tensor
    scale: float


@dataclass(frozen=True, slots=True)
class Sight:
    """Which keys count.

    Attributes:
        last: query i sees the keys 0 ... i + last; None lets it see all.
        keys: [G, Nk] bool, True for what counts; None for all.
    """

    last: int | None
    keys: Tensor | None


@dataclass(frozen=True, slots=True)
class Rows:
    """What one sweep over the keys leaves of every query row, [G, Nq] each; zeros where a row sees no key.

    Attributes:
        kl: divergence of the two maps, bits.
        student: log2 of the sum of 2^logit over the keys, logits in bits.
        teacher: the same of the teacher's map.
    """

    kl: Tensor
    student: Tensor
    teacher: Tensor
