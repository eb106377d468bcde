"""A second head learns the teacher's scores: the served head stays out of it and the trunk learns."""

import pytest
import torch

from contract.toys import TASKS, Patches, batch, gradients
from xmodal.adapter import Model
from xmodal.distillation import Distillation
from xmodal.distillers import DistillationHead
from xmodal.losses import BinaryKDLoss, KDLoss
from xmodal.tasks import Segmentation


def built(**more):
    torch.manual_seed(0)
    student, teacher = Model(Patches(), TASKS), Model(Patches(key="depth"), TASKS)
    distillers = {"head": DistillationHead("kind", **more)}
    return student, teacher, Distillation(student, TASKS, teachers={"teacher": teacher}, distillers=distillers)


def test_the_term_is_the_cross_entropy_of_the_own_head_with_the_teachers_probabilities():
    _, _, step = built()
    frame = step.frame(batch())
    answer = frame.student.pooled @ step.distillers["head"].head.weight.T + step.distillers["head"].head.bias
    expected = -(frame.teachers["teacher"].outputs["kind"].softmax(1) * answer.log_softmax(1)).sum(1)
    torch.testing.assert_close(step.distillers["head"](frame)["kind"], expected)


def test_yes_or_no_scores_by_the_ancestors_loss():
    _, _, step = built(loss=BinaryKDLoss(reduction="none"))
    frame = step.frame(batch())
    answer = step.distillers["head"].head(frame.student.pooled)
    target = frame.teachers["teacher"].outputs["kind"].sigmoid()
    expected = torch.nn.functional.binary_cross_entropy_with_logits(answer, target, reduction="none").mean(1)
    torch.testing.assert_close(step.distillers["head"](frame)["kind"], expected)


def test_the_trunk_learns_and_neither_the_served_head_nor_the_teacher_does():
    student, teacher, step = built()
    step(batch()).terms["head/kind"].sum().backward()
    assert gradients(student)
    assert not any(name.startswith("heads.") for name in gradients(student))
    assert not gradients(teacher)
    assert {"head.weight", "head.bias"} == set(gradients(step.distillers["head"]))
    assert not any("distillers" in name for name in student.state_dict())


def test_samples_without_the_teachers_sensor_count_nothing():
    _, _, step = built()
    has = torch.tensor([True, True, False, True, False, True])
    given = batch()
    part = step.distillers["head"](step.frame(type(given)(**{**_fields(given), "present": {"depth": has}})))["kind"]
    whole = step.distillers["head"](step.frame(given))["kind"]
    assert part[~has].abs().sum() == 0
    torch.testing.assert_close(part.mean(), whole[has].mean())


def test_what_has_no_value_per_sample_is_refused():
    _, _, step = built(loss=KDLoss())
    with pytest.raises(ValueError, match="expected a loss with a value per sample"):
        step(batch())
    with pytest.raises(ValueError, match="one answer a sample"):
        DistillationHead("each").connect({"student": Patches()}, {"each": Segmentation(("a", "b"))})


def _fields(given):
    return {name: getattr(given, name) for name in given.__dataclass_fields__}
