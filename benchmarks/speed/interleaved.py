"""Candidates timed in turns, so that whatever else the machine does meets all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")
Array = npt.NDArray[np.float64]


def in_turns(calls: Mapping[str, Callable[[], T]], *, rounds: int) -> dict[str, list[T]]:
    """What each call returns in each round, after one round that is not counted; every round has an order of its own.

    Were the order a circle, one candidate would always follow the same other, and find its caches.
    """
    names, drawn = list(calls), np.random.default_rng(0)
    found: dict[str, list[T]] = {name: [] for name in names}
    for number in range(rounds + 1):
        for name in [names[i] for i in drawn.permutation(len(names))]:
            value = calls[name]()
            if number:
                found[name].append(value)
    return found


def interleaved(calls: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, list[float]]:
    """Seconds of each call in each round, after one round that is not counted, in turns of a random order."""

    def timed(call: Callable[[], object]) -> Callable[[], float]:
        def seconds() -> float:
            start = perf_counter()
            call()
            return perf_counter() - start

        return seconds

    return in_turns({name: timed(call) for name, call in calls.items()}, rounds=rounds)


def times_faster(ours: Sequence[float], other: Sequence[float], *, draws: int = 2000) -> dict[str, float]:
    """How many times longer the other takes, by the medians, with a 95 % interval from rounds drawn with replacement.

    Args:
        ours: seconds, one a round.
        other: seconds of the same rounds.
        draws: of the bootstrap; its seed is fixed.
    """
    found = bootstrapped(of_medians, other, ours, draws=draws)
    return {"ratio": found.pop("value"), **found}


def bootstrapped(statistic: Callable[[Array], Any], *seconds: Sequence[float], draws: int = 2000) -> dict[str, float]:
    """A value and its 95 % interval from rounds drawn with replacement, the same ones for every candidate.

    Args:
        statistic: [candidates, ..., rounds] -> [...].
        seconds: of each candidate, one a round.
        draws: of the bootstrap; its seed is fixed.
    """
    taken = np.array(seconds)  # [candidates, rounds]
    rounds = taken.shape[1]
    drawn = taken[:, np.random.default_rng(0).integers(rounds, size=(draws, rounds))]
    low, high = np.quantile(statistic(drawn), [0.025, 0.975])
    return {"value": float(statistic(taken)), "low": float(low), "high": float(high)}


def of_medians(seconds: Array) -> Any:
    """The ratio of the medians of two candidates: a rare interruption does not count."""
    first, second = np.median(seconds, axis=-1)
    return first / second


def of_totals(seconds: Array) -> Any:
    """The ratio of the sums of two candidates: everything counts."""
    first, second = seconds.sum(-1)
    return first / second


def paired(seconds: Array) -> Any:
    """The median over rounds of the first candidate less the second."""
    return np.median(seconds[0] - seconds[1], axis=-1)
