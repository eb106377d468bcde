"""Means, bootstrap intervals, paired differences and gap recovered, over the seeds and folds of a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

RESAMPLES = 10_000
LEVEL = 0.95
_NO_GAP = 1e-6  # relative to the scores: below this a difference of two means is rounding


@dataclass(frozen=True, slots=True)
class Interval:
    """The bounds of a 95 % interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over seeds.

    Attributes:
        mean: NaN where there is no value yet.
        interval: of the mean; None for fewer than two values.
        values: one a seed.
    """

    mean: float
    interval: Interval | None
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A paired difference of two arms, signed so that positive means better whatever the metric.

    Attributes:
        mean: of the pairs; interval: of that mean, None for fewer than two pairs.
        values: one a pair.
    """

    mean: float
    interval: Interval | None
    values: tuple[float, ...]

    @property
    def count(self) -> int:
        return len(self.values)

    @property
    def better(self) -> int:
        """In how many pairs the first arm is better."""
        return sum(value > 0 for value in self.values)

    @property
    def above_zero(self) -> bool:
        """Whether the whole interval speaks for the first arm."""
        return self.interval is not None and self.interval.low > 0


def estimate(values: ArrayLike, *, seed: int = 0) -> Estimate:
    """Mean and interval of values [S], one a seed."""
    given = np.asarray(values, dtype=np.float64)
    if given.ndim != 1:
        raise ValueError(f"expected values [S], one a seed, got shape {list(given.shape)}")
    return Estimate(_mean(given), bootstrap_interval(given, seed=seed), tuple(given.tolist()))


def bootstrap_interval(values: ArrayLike, *, resamples: int = RESAMPLES, seed: int = 0) -> Interval | None:
    """95 % percentile bootstrap interval of the mean.

    A table of seeds by folds is resampled along both axes: the scores of one fold resemble each other from seed to
    seed, and drawing its cells one by one would count them as independent.

    Args:
        values: [S], or [S, F] for seeds by folds.
        seed: of the resampling; equal seeds and shapes draw equal resamples.

    Returns:
        bounds that enclose the mean; None for fewer than two values, or where one is not finite.
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim not in (1, 2):
        raise ValueError(f"expected values [S] or [S, F], got shape {list(table.shape)}")
    table = table.reshape(len(table), -1 if table.size else 0)
    if table.size < 2 or not np.isfinite(table).all():
        return None
    generator = np.random.default_rng(seed)
    rows, columns = (_shares(generator, resamples, count) for count in table.shape)
    means = ((rows @ table) * columns).sum(1)  # [resamples]
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    mean = _mean(table)
    return Interval(min(float(low), mean), max(float(high), mean))


def paired_difference(a: ArrayLike, b: ArrayLike, *, greater_is_better: bool = True, seed: int = 0) -> Difference:
    """Arm `a` minus arm `b`, seed by seed (and fold by fold); positive where `a` is better.

    Args:
        a, b: [S], or [S, F] for seeds by folds, in the same order.
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape != second.shape:
        raise ValueError(f"expected pairs, got shapes {list(first.shape)} and {list(second.shape)}")
    each = first - second if greater_is_better else second - first
    return Difference(_mean(each), bootstrap_interval(each, seed=seed), tuple(each.ravel().tolist()))


def gap_recovered(*, student: float, distilled: float, teacher: float, greater_is_better: bool = True) -> float | None:
    """(distilled - student) / (teacher - student): 0 is the student alone, 1 the teacher.

    Returns:
        None where the teacher is not better than the student, so that there is no gap, or where a score is unknown.
    """
    gap = teacher - student if greater_is_better else student - teacher
    gain = distilled - student if greater_is_better else student - distilled
    if not gap > _NO_GAP * max(abs(teacher), abs(student)) or not np.isfinite(gain):
        return None
    return gain / gap


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if values.size else float("nan")


def _shares(generator: np.random.Generator, resamples: int, count: int) -> NDArray[np.float64]:
    """[resamples, count]: the share of each of `count` things in a draw of `count` with replacement."""
    return generator.multinomial(count, np.full(count, 1 / count), size=resamples) / count
