"""Which elements of a finite field are squares: what Paley's Hadamard matrices are made of.

Standard algebra: GF(p^k) as polynomials over GF(p) modulo a primitive one, whose powers of x run through all non-zero
elements; the even powers are the squares.
"""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor


def prime_power(q: int) -> tuple[int, int] | None:
    """(p, k) with q = p^k and p prime, or None where q is no power of a prime."""
    if q < 2:
        return None
    p = next((d for d in range(2, int(q**0.5) + 1) if q % d == 0), q)
    k, rest = 0, q
    while rest % p == 0:
        rest, k = rest // p, k + 1
    return (p, k) if rest == 1 else None


def quadratic_character(p: int, k: int) -> Tensor:
    """[q, q] int64 for q = p^k, p odd: entry i, j is 1 where i - j is a non-zero square, -1 where none, 0 for i = j.

    Element i has the base-p digits of i as its coordinates, so that for k = 1 it is the number i modulo p.
    """
    q = p**k
    character = torch.full((q,), -1)
    character[0] = 0
    character[[_number(element, p) for element in _powers_of_x(p, k)[::2]]] = 1
    place = p ** torch.arange(k)
    digits = torch.arange(q).unsqueeze(1) // place % p  # [q, k]
    difference = (digits.unsqueeze(1) - digits.unsqueeze(0)) % p  # [q, q, k]
    return character[(difference * place).sum(-1)]


def _powers_of_x(p: int, k: int) -> list[tuple[int, ...]]:
    """All q - 1 non-zero elements as the powers of x, lowest coordinate first."""
    for tail in product(range(p), repeat=k):  # x^k = tail; the first primitive polynomial is taken
        one = (1,) + (0,) * (k - 1)
        powers = [one]
        while (following := _times_x(powers[-1], tail, p)) != one and len(powers) < p**k and any(following):
            powers.append(following)
        if len(powers) == p**k - 1:
            return powers
    raise ValueError(f"no primitive polynomial of degree {k} over the integers modulo {p}: is {p} prime?")


def _times_x(element: tuple[int, ...], tail: tuple[int, ...], p: int) -> tuple[int, ...]:
    *lower, highest = element
    return tuple((a + highest * b) % p for a, b in zip((0, *lower), tail, strict=True))


def _number(element: tuple[int, ...], p: int) -> int:
    return sum(digit * p**i for i, digit in enumerate(element))
