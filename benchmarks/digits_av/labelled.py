"""How many samples have labels, given as numbers or shares, and which ones."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from xmodal.errors import ConfigError

Labelled = int | float | Sequence[int | float]
"""60 is a number of samples, 0.1 and 1.0 are shares; several of them give one table each."""


def check_labelled(benchmark: str, labelled: Labelled) -> tuple[int | float, ...]:
    """The amounts one by one; a ConfigError if one is neither a number from 1 nor a share in (0, 1]."""
    amounts = tuple(labelled) if isinstance(labelled, Sequence) else (labelled,)
    for amount in amounts:
        whole = isinstance(amount, int) and not isinstance(amount, bool) and amount >= 1
        if not whole and not (isinstance(amount, float) and 0 < amount <= 1):
            expected = "a number of samples such as 60, or a share such as 0.1 or 1.0"
            raise ConfigError(f"{benchmark}: labelled must be {expected}, or several, found {labelled!r}")
    if not amounts or len({describe(a) for a in amounts}) < len(amounts):
        raise ConfigError(f"{benchmark}: labelled must hold different amounts, at least one, found {labelled!r}")
    return amounts


def describe(amount: int | float) -> str:
    """The amount in words, for the heading of its table."""
    return f"{amount} labels" if isinstance(amount, int) else f"{100 * amount:g} % of the labels"


def draw_labelled(benchmark: str, amount: int | float, size: int, seed: int) -> list[int]:
    """Positions in [0, size), sorted; of one seed the smaller draw is part of the larger.

    Raises:
        ConfigError: more than `size` were asked for.
    """
    count = amount if isinstance(amount, int) else max(1, round(amount * size))
    if count > size:
        raise ConfigError(f"{benchmark}: labelled = {count}, but there are {size} training samples")
    order: list[int] = torch.randperm(size, generator=torch.Generator().manual_seed(seed)).tolist()
    return sorted(order[:count])
