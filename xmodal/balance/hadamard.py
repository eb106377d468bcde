"""Hadamard matrices: entries +1 and -1, all rows orthogonal.

Sylvester's doubling and Paley's two constructions (Paley: On orthogonal matrices, 1933), with finite fields of prime
powers too. Evidence: exact (the orders of the PHI-S code that need no random stand-in give its very matrices).
"""

from __future__ import annotations

import torch
from torch import Tensor

from xmodal.balance.finite_field import prime_power, quadratic_character


def hadamard(order: int) -> Tensor | None:
    """[n, n] int64 of +1 and -1 with H H^T = n I, or None where none of the constructions reaches n.

    Doubling is tried first, then Paley I (n - 1 a prime power of the form 4m + 3), then Paley II (n / 2 - 1 one of the
    form 4m + 1). Every power of two is reached, and of the multiples of 4 up to 200 all but 92, 116, 156, 172, 184 and
    188. No other order above 2 has such a matrix.
    """
    if order <= 1:
        return torch.ones(1, 1, dtype=torch.int64) if order == 1 else None
    half = hadamard(order // 2) if order % 2 == 0 else None
    if half is not None:
        return torch.kron(torch.tensor([[1, 1], [1, -1]]), half)
    return _paley_one(order - 1) if order % 4 == 0 and prime_power(order - 1) else _paley_two(order)


def _paley_one(q: int) -> Tensor:
    """[q + 1, q + 1]: I + S with the skew matrix S of the field's squares."""
    return torch.eye(q + 1, dtype=torch.int64) + _bordered(q, below=-1)


def _paley_two(order: int) -> Tensor | None:
    """[2 (q + 1), 2 (q + 1)]: each entry of the symmetric matrix of the squares becomes a block of four."""
    q = order // 2 - 1
    if order % 4 or not prime_power(q) or q % 4 != 1:
        return None
    signs, diagonal = torch.tensor([[1, 1], [1, -1]]), torch.tensor([[1, -1], [-1, -1]])
    return torch.kron(_bordered(q, below=1), signs) + torch.kron(torch.eye(q + 1, dtype=torch.int64), diagonal)


def _bordered(q: int, *, below: int) -> Tensor:
    """[q + 1, q + 1]: the table of squares with a first row of 1 and a first column of `below`, zero in the corner."""
    power = prime_power(q)
    assert power is not None
    full = torch.zeros(q + 1, q + 1, dtype=torch.int64)
    full[0, 1:], full[1:, 0] = 1, below
    full[1:, 1:] = quadratic_character(*power)
    return full
