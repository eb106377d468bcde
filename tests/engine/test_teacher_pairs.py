"""A teacher learns from labels alone, unless its own schedule asks for further samples."""

import pytest


@pytest.mark.parametrize(
    ("overrides", "expected"), [((), 0), (("teacher_schedule.paired=3",), 3), (("schedule.paired=2",), 0)]
)
def test_a_teacher_sees_unlabelled_samples_only_where_its_own_schedule_says_so(make_run, overrides, expected):
    run = make_run("run", *overrides)
    plans = {phase.arm: run.factory.schedule(phase) for phase in run.phases}
    assert plans["teacher"].paired == expected
    assert plans["student"].paired == 0
    assert plans["distilled"].paired == (2 if "schedule.paired=2" in overrides else 4)
