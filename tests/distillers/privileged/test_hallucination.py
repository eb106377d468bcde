"""Modality hallucination: the branch named, the layer named, sums of squared sigmoids; each branch does the task."""

import pytest
import torch
from torch.nn import functional as F

from contract.toys import TASKS, Patches, batch, gradients
from distillers.privileged.frames import check_weight_scales, frame
from xmodal.adapter import Model
from xmodal.balance import FixedWeights
from xmodal.bus import Embedding, Tokens
from xmodal.distillation import Distillation
from xmodal.distillers import BranchTasks, Hallucination
from xmodal.errors import ConfigError
from xmodal.modalities.fusion import Branches


def layers(x):
    return Embedding(layers=tuple(Tokens(part) for part in x))


def given(taught=None):
    torch.manual_seed(0)
    own, theirs = torch.randn(2, 4, 6, 5, requires_grad=True), torch.randn(2, 4, 6, 5, requires_grad=True)
    student = Embedding(parts={"plain": layers(torch.zeros(2, 4, 6, 5)), "seer": layers(own)})
    return own, theirs, frame(student, layers(theirs), taught=taught)


def test_the_branch_is_compared_at_that_layer_and_the_teacher_gets_no_gradient():
    own, theirs, now = given()
    found = Hallucination("seer", layer=1, teacher="t")(now)["features"]
    expected = (1 / (1 + (-own[1]).exp()) - 1 / (1 + (-theirs[1]).exp())).pow(2).sum((1, 2))
    torch.testing.assert_close(found, expected)
    found.sum().backward()
    assert theirs.grad is None
    assert not own.grad[0].any()
    own, _, now = given()
    check_weight_scales({"h/features": Hallucination("seer", layer=0, teacher="t")(now)["features"]}, own, now)


def test_equal_layers_give_zero_and_untaught_samples_count_nothing():
    taught = torch.tensor([True, False, True, True])
    own, _, now = given(taught)
    found = Hallucination("seer", teacher="t")(now)["features"]
    whole = Hallucination("seer", teacher="t")(given()[2])["features"]
    assert found[1] == 0
    torch.testing.assert_close(found.mean(), whole[taught].mean())
    same = frame(Embedding(parts={"seer": layers(own)}), layers(own))
    assert not Hallucination("seer", teacher="t")(same)["features"].any()


def test_names_that_do_not_fit_are_told():
    now = given()[2]
    with pytest.raises(ConfigError, match="branch of the student 'sea'"):
        Hallucination("sea", teacher="t")(now)
    with pytest.raises(ValueError, match="reads layer 2, found 2 layers"):
        Hallucination("seer", layer=2, teacher="t")(now)


def system(weights):
    torch.manual_seed(1)
    student = Model(Branches({"plain": Patches(), "seer": Patches()}), TASKS)
    teacher = Model(Patches(key="depth"), TASKS)
    distillers = {
        "seen": Hallucination("seer", layer=0, teacher="depth"),
        "alone": BranchTasks(("plain", "seer")),
    }
    return student, Distillation(
        student, TASKS, teachers={"depth": teacher}, distillers=distillers, balance=FixedWeights(weights)
    )


def test_only_the_branch_hallucinates_and_each_branch_learns_the_task():
    student, step = system({"task": 0.0, "alone": 0.0})
    step.train()(batch()).total.backward()
    assert {name.split(".")[2] for name in gradients(student)} == {"seer"}
    assert all(p.grad is None for p in step.teachers["depth"].parameters())
    student, step = system({"task": 0.0, "seen": 0.0, "alone/seer/kind": 0.0})
    step.train()(batch()).total.backward()
    assert {name.split(".")[2] for name in gradients(student)} == {"plain"}


def test_branch_losses_are_those_of_their_own_heads_on_labelled_samples():
    _, step = system({})
    now, alone = step.frame(batch()), step.distillers["alone"]
    found = alone(now)
    assert sorted(found) == ["plain/kind", "seer/kind"]
    for name, part in now.student.parts.items():
        logits = alone.heads[name]["kind"](part.pooled[:4])
        expected = F.cross_entropy(logits, now.labels["kind"][:4])
        torch.testing.assert_close(found[f"{name}/kind"].mean(), expected)
        assert not found[f"{name}/kind"][4:].any()
    with pytest.raises(ConfigError, match="branch of the student 'sea'"):
        BranchTasks(("sea",)).connect({"student": step.student}, TASKS)
