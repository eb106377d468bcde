"""Ticks and pixels."""

import math

import numpy as np
import pytest

from xmodal.report.axis import axis, linear_ticks


@pytest.mark.parametrize("seed", range(30))
def test_ticks_are_round_and_inside(seed: int) -> None:
    generator = np.random.default_rng(seed)
    low = float(generator.normal() * 10 ** generator.uniform(-4, 4))
    high = low + float(10 ** generator.uniform(-4, 4))
    ticks = linear_ticks(low, high, 5)
    assert 2 <= len(ticks) <= 7
    step = ticks[1] - ticks[0]
    assert min(abs(step / 10 ** math.floor(math.log10(step) + 1e-6) - m) for m in (1, 2, 5)) < 1e-3
    assert low - 1e-6 * step <= ticks[0]
    assert ticks[-1] <= high + 1e-6 * step


@pytest.mark.parametrize("values", [[3.0], [0.0], [-2.0, -2.0], [1e-12, 2e-12], [1e9, 1e9 + 1]])
def test_values_lie_inside_whatever_they_are(values: list[float]) -> None:
    across = axis(values, 10, 110, may_be_log=True)
    assert all(10 <= across(v) <= 110 for v in values)
    assert across.ticks()
    assert len({across.label()(t) for t in across.ticks()}) == len(across.ticks())


def test_a_wide_positive_span_is_logarithmic() -> None:
    across = axis([0.01, 1.0, 100.0], 0, 100, may_be_log=True)
    assert across(1.0) == pytest.approx(50)
    assert across.ticks() == pytest.approx([0.01, 0.1, 1, 10, 100])
    assert axis([0.0, 100.0], 0, 100, may_be_log=True).log is False
    assert axis([0.01, 100.0], 0, 100).log is False


def test_labels_tell_ticks_apart() -> None:
    across = axis([0.4312, 0.4336], 0, 100)
    labels = [across.label()(t) for t in across.ticks()]
    assert len(set(labels)) == len(labels)


def test_tiny_values_are_written_with_exponents() -> None:
    across = axis([0.0, 4e-5], 0, 100, margin=0.0)
    assert [across.label()(t) for t in across.ticks()] == ["0", "1e-5", "2e-5", "3e-5", "4e-5"]
