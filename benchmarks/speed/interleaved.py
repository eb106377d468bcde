"""Candidates timed in turns, so that whatever else the machine does meets all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter

import numpy as np


def interleaved(calls: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, list[float]]:
    """Seconds of each call in each round, after one round that is not counted; every round begins with another one."""
    names = list(calls)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds + 1):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            start = perf_counter()
            calls[name]()
            if number:
                seconds[name].append(perf_counter() - start)
    return seconds


def times_faster(ours: list[float], other: list[float], *, draws: int = 2000) -> dict[str, float]:
    """How many times longer the other takes, by the medians, with a 95 % interval from rounds drawn with replacement.

    Args:
        ours: seconds, one a round.
        other: seconds of the same rounds.
        draws: of the bootstrap; its seed is fixed.
    """
    pairs = np.array([ours, other])  # [2, rounds]
    drawn = pairs[:, np.random.default_rng(0).integers(pairs.shape[1], size=(draws, pairs.shape[1]))]
    medians = np.median(drawn, axis=-1)  # [2, draws]
    low, high = np.quantile(medians[1] / medians[0], [0.025, 0.975])
    own, others = np.median(pairs, axis=-1)
    return {"ratio": float(others / own), "low": float(low), "high": float(high)}
