"""A teacher's answers as targets: values by formula, samples that were not taught, no gradient to the teacher."""

import pytest
import torch

from xmodal.bus import Embedding, Frame, Pairs, Tokens
from xmodal.data.batch import Batch
from xmodal.distillers import Privileged, PrivilegedDescriptor, PrivilegedValues
from xmodal.errors import ConfigError


def frame(student, teacher, taught=None, pairs=None):
    count = len(student)
    tokens = Tokens(torch.zeros(count, student.shape[1], 2)) if pairs is not None else None
    return Frame(
        student=Embedding(outputs={"t": student}, tokens=tokens),
        batch=Batch(tuple(map(str, range(count))), {}, torch.arange(count)),
        teachers={"teacher": Embedding(outputs={"t": teacher})},
        pairs={("student", "teacher"): pairs} if pairs is not None else {},
        taught={"teacher": torch.ones(count, dtype=torch.bool) if taught is None else taught},
    )


def test_soft_targets_are_the_cross_entropy_with_the_softened_teacher():
    torch.manual_seed(0)
    student, teacher = torch.randn(4, 3), torch.randn(4, 3)
    found = Privileged("t", temperature=2.0)(frame(student, teacher))["t"]
    expected = -((teacher / 2).softmax(1) * student.log_softmax(1)).sum(1)
    torch.testing.assert_close(found, expected)


def test_values_are_compared_by_smooth_l1_in_units_of_the_scale():
    student, teacher = torch.tensor([1.0, 10.0]), torch.tensor([2.0, 2.0])
    found = PrivilegedValues("t", beta=4.0, scale=2.0)(frame(student, teacher))["t"]
    small, large = 0.5 * 0.5**2 / 2.0, 4.0 - 0.5 * 2.0  # errors of 0.5 and 4 with beta = 2, all over the scale
    torch.testing.assert_close(found, torch.tensor([small, large]))


def test_descriptors_are_compared_by_angle():
    student = torch.tensor([[1.0, 0], [0, 1], [3, 0]])
    teacher = torch.tensor([[2.0, 0], [1, 0], [-1, 0]])
    found = PrivilegedDescriptor("t")(frame(student, teacher))["t"]
    torch.testing.assert_close(found, torch.tensor([0.0, 1.0, 2.0]))


@pytest.mark.parametrize("distiller", [Privileged("t"), PrivilegedDescriptor("t")])
def test_untaught_samples_count_nothing_and_the_mean_is_over_the_others(distiller):
    torch.manual_seed(1)
    student, teacher = torch.randn(4, 3, requires_grad=True), torch.randn(4, 3, requires_grad=True)
    taught = torch.tensor([True, False, True, False])
    part = distiller(frame(student, teacher, taught))["t"]
    whole = distiller(frame(student[taught], teacher[taught]))["t"]
    assert part[~taught].tolist() == [0, 0]
    torch.testing.assert_close(part.mean(), whole.mean())
    part.sum().backward()
    assert teacher.grad is None
    assert student.grad[~taught].abs().sum() == 0


def test_answers_of_tokens_travel_over_the_pairs():
    student, teacher = torch.zeros(1, 2, 3), torch.log(torch.tensor([[[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]]]))
    pairs = Pairs(torch.tensor([[0, 0, 0], [0, 0, 1]]), torch.tensor([3.0, 1.0]))  # the second token sees nothing
    found = Privileged("t", level="tokens")(frame(student, teacher, pairs=pairs))["t"]
    torch.testing.assert_close(found, torch.tensor([3.0]).log())  # uniform answers: log 3 whatever the target


def test_a_teacher_without_the_task_is_named():
    bare = frame(torch.zeros(1, 2), torch.zeros(1, 2))
    bare.teachers["teacher"].outputs.clear()
    with pytest.raises(ConfigError, match="unknown output of teacher 'teacher' 't'; known: "):
        Privileged("t")(bare)
    with pytest.raises(ValueError, match="level must be"):
        Privileged("t", level="cells")
