"""Which samples a step gets is a function of step and seed alone."""

import pytest

from xmodal.engine.loader import draw
from xmodal.engine.schedule import Schedule
from xmodal.errors import ConfigError


def test_the_pool_is_gone_through_before_anything_repeats():
    seen = [i for step in range(5) for i in draw(20, 4, step, seed=3)]
    assert sorted(seen) == list(range(20))


def test_each_round_has_its_own_order():
    first = [i for step in range(5) for i in draw(20, 4, step, 3)]
    second = [i for step in range(5, 10) for i in draw(20, 4, step, 3)]
    assert sorted(first) == sorted(second)
    assert first != second


def test_a_batch_larger_than_the_pool_wraps_round():
    assert sorted(draw(3, 6, 0, 0)) == [0, 0, 1, 1, 2, 2]


def test_a_step_drawn_alone_equals_the_same_step_drawn_in_sequence():
    sequence = [draw(50, 7, step, 1) for step in range(30)]
    assert draw(50, 7, 17, 1) == sequence[17]


def test_the_learning_rate_rises_then_falls_to_its_end():
    plan = Schedule(steps=100, learning_rate=1.0, warmup=0.1, final=0.01)
    rates = [plan.rate(step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[10] == pytest.approx(1.0)
    assert rates == sorted(rates[:11]) + sorted(rates[11:], reverse=True)
    assert rates[-1] == pytest.approx(0.01, abs=0.001)


@pytest.mark.parametrize(("field", "value"), [("steps", 0), ("labelled", 1.5), ("paired", -1), ("learning_rate", 0)])
def test_impossible_schedules_are_refused(field, value):
    with pytest.raises(ConfigError, match=f"schedule.{field}: expected"):
        Schedule(**{field: value})
