"""Which samples a step gets is a function of step and seed alone."""

import pytest

from xmodal.engine.loader import Instances, Steps, draw
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


def test_instances_of_one_kind_lie_side_by_side_and_nothing_repeats_in_a_round():
    identity, positions = [i // 4 for i in range(40)], list(range(100, 140))
    pool = Instances(positions, identity, 2)
    drawn = [i for step in range(5) for i in pool.draw(8, step, seed=1)]
    assert sorted(drawn) == positions
    assert all((a - 100) // 4 == (b - 100) // 4 for a, b in zip(drawn[::2], drawn[1::2], strict=True))
    assert drawn != [i for step in range(5, 10) for i in pool.draw(8, step, seed=1)]
    assert Instances(positions, identity, 2).draw(8, 3, seed=1) == drawn[24:32]


def test_instances_need_a_benchmark_that_knows_them():
    with pytest.raises(ConfigError, match=r"schedule\.instances: this benchmark does not say"):
        Steps([None] * 4, [0, 1], [2], Schedule(instances=2), [], 0)


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
