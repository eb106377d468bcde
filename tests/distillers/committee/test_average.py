"""The average of teachers, of logits or probabilities, sharp and smoothed or not."""

import pytest
import torch

from distillers.committee.rooms import EVERY, check_doubles, check_teachers_left_alone, connected, frame, kl
from xmodal.distillers import AverageCommittee, LowTemperatureCommittee
from xmodal.errors import ConfigError

HALF = torch.tensor([True, False, True, True, False])


@pytest.mark.parametrize("form", ["logits", "probabilities"])
@pytest.mark.parametrize("task", ["kind", "each"])
def test_it_is_the_divergence_from_the_average_of_what_is_named(form, task):
    given = frame()
    found = connected(AverageCommittee(task, teachers=("a", "b"), form=form, temperature=2.0))(given)["soft"]
    a, b = (given.teachers[name].outputs[task] for name in "ab")
    p = ((a + b) / 4).softmax(-1) if form == "logits" else ((a / 2).softmax(-1) + (b / 2).softmax(-1)) / 2
    expected = kl(p, given.student.outputs[task], 2.0)
    torch.testing.assert_close(found, expected if task == "kind" else expected.mean(1))


def test_a_missing_teacher_is_left_out_and_nobody_taught_counts_nothing():
    both = connected(AverageCommittee("kind", teachers=("a", "b")))
    given = frame(a=HALF, b=torch.tensor([True, True, False, True, False]))
    given.teachers["a"].outputs["kind"][1] = torch.nan
    found = both(given)["soft"]
    p = given.teachers["b"].outputs["kind"][1].softmax(-1)
    torch.testing.assert_close(found[1], kl(p, given.student.outputs["kind"][1]) * 5 / 4)
    assert found[4] == 0
    assert both(frame(a=~EVERY, b=~EVERY))["soft"].eq(0).all()


def test_one_teacher_that_is_the_student_gives_zero():
    given = frame()
    given.student.outputs["kind"] = given.student.outputs["kind"].detach().double()
    given.teachers["a"].outputs["kind"] = given.student.outputs["kind"] + 1
    found = connected(AverageCommittee("kind", teachers=("a",), temperature=3.0))(given)["soft"]
    torch.testing.assert_close(found, torch.zeros(5, dtype=torch.float64), atol=1e-12, rtol=0)


def test_temperature_comes_first_then_smoothing():
    given = frame(a=HALF)
    found = connected(LowTemperatureCommittee("kind", teachers=("a", "b"), temperature=0.5, smoothing=0.1))(given)
    a, b = (given.teachers[name].outputs["kind"] for name in "ab")
    mean = torch.where(HALF.unsqueeze(1), (a + b) / 2, b)
    q = 0.9 * (2 * mean).softmax(-1) + 0.1 / 3
    expected = -(q * given.student.outputs["kind"].log_softmax(-1)).sum(-1)
    torch.testing.assert_close(found["soft"], expected)


@pytest.mark.parametrize("kind", [AverageCommittee, LowTemperatureCommittee])
def test_gradient_reaches_the_student_alone(kind):
    distiller = connected(kind("kind", teachers=("a", "b")))
    check_teachers_left_alone(distiller, frame())
    given = frame()
    check_doubles(distiller(given), given.student.outputs["kind"], given)


def test_what_makes_no_committee_is_refused():
    with pytest.raises(ValueError, match="different names"):
        AverageCommittee("kind", teachers=("a", "a"))
    with pytest.raises(ValueError, match="unknown form 'votes'"):
        AverageCommittee("kind", teachers=("a",), form="votes")
    with pytest.raises(ConfigError, match="unknown task of a committee 'kin'"):
        connected(AverageCommittee("kin", teachers=("a",)))
