"""Intervals, paired differences and the gap, against slow formulas and by their properties."""

import itertools
import math

import numpy as np
import pytest

from xmodal.report.statistics import Interval, bootstrap_interval, estimate, gap_recovered, paired_difference


def exact_interval(values: list[float]) -> tuple[float, float]:
    """Every resample there is, each once: what the drawn resamples approach."""
    means = sorted(sum(draw) / len(values) for draw in itertools.product(values, repeat=len(values)))
    return means[int(0.025 * len(means))], means[int(0.975 * len(means))]


def exact_crossed(table: list[list[float]]) -> tuple[float, float]:
    rows, columns = range(len(table)), range(len(table[0]))
    means = sorted(
        sum(table[r][c] for r in drawn for c in chosen) / (len(drawn) * len(chosen))
        for drawn in itertools.product(rows, repeat=len(rows))
        for chosen in itertools.product(columns, repeat=len(columns))
    )
    return means[int(0.025 * len(means))], means[int(0.975 * len(means))]


@pytest.mark.parametrize("values", [[1.0, 2.0, 4.0], [0.4, 0.41, 0.39, 0.5, 0.42]])
def test_interval_equals_the_one_of_all_resamples(values: list[float]) -> None:
    found = bootstrap_interval(values)
    assert found is not None
    assert (found.low, found.high) == pytest.approx(exact_interval(values), abs=0.04 * np.ptp(values))


def test_seeds_by_folds_are_resampled_along_both_axes() -> None:
    table = [[0.0, 1.0, 5.0], [0.2, 1.1, 5.3], [0.1, 0.7, 5.2]]
    found = bootstrap_interval(table)
    assert found is not None
    assert (found.low, found.high) == pytest.approx(exact_crossed(table), abs=0.1)
    cell_by_cell = bootstrap_interval(np.ravel(table))
    assert cell_by_cell is not None
    assert found.high - found.low > 1.3 * (cell_by_cell.high - cell_by_cell.low)


def test_one_seed_of_several_folds_has_the_interval_of_the_folds() -> None:
    folds = [0.1, 0.4, 0.2, 0.7]
    found, flat = bootstrap_interval([folds]), bootstrap_interval(folds)
    assert found is not None
    assert flat is not None
    assert (found.low, found.high) == pytest.approx((flat.low, flat.high), abs=0.03)


@pytest.mark.parametrize("seed", range(20))
def test_interval_covers_the_mean_and_stays_within_the_values(seed: int) -> None:
    generator = np.random.default_rng(seed)
    values = generator.standard_cauchy(generator.integers(2, 9))
    found = bootstrap_interval(values)
    assert found is not None
    assert values.min() - 1e-9 <= found.low <= values.mean() <= found.high <= values.max() + 1e-9


def test_equal_values_have_an_interval_of_no_width() -> None:
    found = bootstrap_interval([0.1] * 3)
    assert found is not None
    assert found.high - found.low < 1e-12


def test_two_values_have_the_interval_from_one_to_the_other() -> None:
    assert bootstrap_interval([1.0, 3.0]) == Interval(1.0, 3.0)


@pytest.mark.parametrize("values", [[], [0.5], [[0.5]], [0.5, math.nan]])
def test_no_interval_without_two_known_values(values: list[float]) -> None:
    assert bootstrap_interval(values) is None


def test_intervals_repeat_and_depend_on_the_seed() -> None:
    values = [0.31, 0.44, 0.57, 0.13, 0.98, 0.65]
    assert bootstrap_interval(values, resamples=100) == bootstrap_interval(values, resamples=100)
    assert bootstrap_interval(values, resamples=100) != bootstrap_interval(values, resamples=100, seed=1)


def test_scaling_and_moving_the_values_scales_and_moves_the_interval() -> None:
    values = np.array([0.2, 0.5, 0.3, 0.9])
    plain, moved = bootstrap_interval(values), bootstrap_interval(3 * values + 1)
    assert plain is not None
    assert moved is not None
    assert (moved.low, moved.high) == pytest.approx((3 * plain.low + 1, 3 * plain.high + 1))


def test_estimate_of_nothing_is_unknown() -> None:
    found = estimate([])
    assert math.isnan(found.mean)
    assert found.interval is None


def test_tables_of_three_axes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\[S, F\], got shape \[2, 2, 2\]"):
        bootstrap_interval(np.zeros((2, 2, 2)))


@pytest.mark.parametrize("shape", [(4,), (3, 5)])
def test_paired_difference_is_antisymmetric(shape: tuple[int, ...]) -> None:
    generator = np.random.default_rng(0)
    a, b = generator.normal(size=shape), generator.normal(size=shape)
    there, back = paired_difference(a, b), paired_difference(b, a)
    assert there.mean == pytest.approx(-back.mean)
    assert there.interval is not None
    assert back.interval is not None
    assert (there.interval.low, there.interval.high) == pytest.approx((-back.interval.high, -back.interval.low))
    assert there.better + back.better == there.count == a.size


def test_pairing_removes_what_both_arms_share() -> None:
    shared = np.array([0.0, 10.0, -5.0, 3.0])
    found = paired_difference(shared + 0.1, shared)
    assert found.mean == pytest.approx(0.1)
    assert found.above_zero
    assert found.better == 4


def test_lower_is_better_turns_the_sign() -> None:
    found = paired_difference([1.0, 2.0], [1.5, 2.25], greater_is_better=False)
    assert found.values == (0.5, 0.25)
    assert found.above_zero


def test_equal_scores_are_not_better() -> None:
    assert paired_difference([1.0, 1.0], [1.0, 0.0]).better == 1


def test_unpaired_scores_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\[2\] and \[3\]"):
        paired_difference([1, 2], [1, 2, 3])


@pytest.mark.parametrize(
    ("student", "distilled", "teacher", "greater", "share"),
    [
        (0.4, 0.5, 0.6, True, 0.5),
        (0.4, 0.7, 0.6, True, 1.5),
        (0.4, 0.3, 0.6, True, -0.5),
        (2.0, 1.75, 1.0, False, 0.25),
        (0.4, 0.5, 0.4, True, None),
        (0.4, 0.5, 0.4 + 1e-9, True, None),
        (0.5, 0.45, 0.4, True, None),
        (1.0, 1.5, 2.0, False, None),
        (0.4, math.nan, 0.6, True, None),
        (0.4, 0.5, math.nan, True, None),
    ],
)
def test_gap_recovered(student: float, distilled: float, teacher: float, greater: bool, share: float | None) -> None:
    found = gap_recovered(student=student, distilled=distilled, teacher=teacher, greater_is_better=greater)
    assert found == (None if share is None else pytest.approx(share))
