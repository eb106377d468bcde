"""Questions to frozen teachers: terms by formula, rows that are really skipped, and what learns from which term."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from contract.toys import TASKS, Patches, batch, gradients
from xmodal.adapter import Model
from xmodal.balance import FixedWeights
from xmodal.distillation import Distillation
from xmodal.distillers import QuestionAnswer

TERMS = ("answer", "label", "rebuild")


class Counting(Patches):
    """Tells which samples its upper part ran for."""

    def upper(self, batch, tokens, valid, layer, rows):
        self.ran, self.given = rows.tolist(), tokens
        return super().upper(batch, tokens, valid, layer, rows)


def step_of(weights=None, **changes):
    torch.manual_seed(4)
    student = Model(Patches(width=6), TASKS)
    teachers = {"near": Counting(key="depth", depth=3), "far": Counting(width=10)}
    given = {"task": "kind", "layers": {"near": 0}, "questions": 3, "hidden": 16, **changes}
    distillers = {"ask": QuestionAnswer(("near", "far"), **given)}
    return Distillation(student, TASKS, teachers=teachers, distillers=distillers, balance=FixedWeights(weights)).train()


def test_terms_are_importance_weighted_sums_over_the_teachers():
    step = step_of()
    asker, frame = step.distillers["ask"], step.frame(batch())
    found = asker(frame)
    state, sides = frame.student.pooled, {"near": 0, "far": -1}
    score = asker.query(state) @ asker.key(asker.kinds).T / 4
    share = score.softmax(1)
    label = batch().labels["kind"]
    expected = dict.fromkeys(TERMS, 0)
    for i, (name, layer) in enumerate(sides.items()):
        question = asker.ask[name](state).unflatten(1, (3, -1)) + asker.greet[name](asker.kinds[i])
        pooled = step.teachers[name].upper(batch(), question, None, layer, torch.arange(6)).pooled
        answer = asker.answer[name](pooled)
        distance = 1 - torch.cosine_similarity(state, answer)
        rebuilt = (asker.rebuild[name](answer) - frame.teachers[name].pooled).square().mean(1)
        told = F.cross_entropy(asker.head(answer), label, ignore_index=-1, reduction="none")
        for term, value in zip(TERMS, (distance, told, rebuilt), strict=True):
            expected[term] = expected[term] + share[:, i] * value
    torch.testing.assert_close(found["answer"], expected["answer"])
    torch.testing.assert_close(found["rebuild"], expected["rebuild"])
    torch.testing.assert_close(found["label"], 6 / 4 * expected["label"])  # two of six samples have no label
    assert (found["label"][4:] == 0).all()


def test_teachers_of_little_importance_are_not_run_and_counted():
    step = step_of(least=0.45)
    asker, frame = step.distillers["ask"], step.frame(batch())
    with torch.no_grad():  # so that some samples favour the one teacher and some the other
        asker.query.weight.mul_(20)
        asker.query.bias.copy_(-asker.query.weight @ frame.student.pooled.mean(0))
        asker.key.bias.zero_()
    score = asker.query(frame.student.pooled) @ asker.key(asker.kinds).T / 4
    kept = score.softmax(1) >= 0.45
    assert 0 < int(kept.sum()) < 12
    asker(frame)
    for i, name in enumerate(("near", "far")):
        assert step.teachers[name].ran == kept[:, i].nonzero().squeeze(1).tolist()
    assert asker.asked.tolist() == kept.sum(0).tolist()
    assert asker.skipped.tolist() == (~kept).sum(0).tolist()
    step.eval()
    asker(frame)
    assert asker.asked.tolist() == kept.sum(0).tolist()


def test_a_teacher_without_its_inputs_is_not_asked_and_a_sample_without_teachers_counts_nothing():
    step = step_of()
    asker, frame = step.distillers["ask"], step.frame(batch())
    none = torch.tensor([True, True, True, False, True, True])
    near = torch.tensor([False, True, True, False, True, True])
    partly = replace(frame, taught={"near": near, "far": none})
    found = asker(partly)
    assert all(value[3] == 0 for value in found.values())
    assert step.teachers["near"].ran == [1, 2, 4, 5]
    alone = replace(frame, taught={"near": near & False, "far": near | True})
    torch.testing.assert_close(found["rebuild"][0], asker(alone)["rebuild"][0] * 6 / 5)


@pytest.mark.parametrize("term", TERMS)
def test_what_learns_from_which_term(term):
    weights = {"task": 0.0, **{f"ask/{name}": float(name == term) for name in TERMS}}
    step = step_of(weights)
    step(batch()).total.backward()
    assert "adapter.embed.weight" in gradients(step.student)
    assert all(p.grad is None for teacher in step.teachers.values() for p in teacher.parameters())
    learned = {name.split(".")[0] for name in gradients(step.distillers["ask"])}
    if term == "answer":
        assert learned == set()  # answers stand still, so that they cannot collapse onto the student
    else:
        assert {"ask", "greet", "answer"} <= learned
        assert ("query" in learned) == (term == "label")


def test_a_doubled_weight_doubles_the_gradient():
    def gradient(weight):
        step = step_of({"task": 0.0, "ask": weight})
        step(batch()).total.backward()
        return step.student.adapter.embed.weight.grad

    torch.testing.assert_close(2 * gradient(1.0), gradient(2.0))


def test_an_added_question_lies_on_the_teachers_own_tokens():
    step = step_of(form="added")
    asker, frame = step.distillers["ask"], step.frame(batch())
    asker(frame)
    given, own = step.teachers["near"].given, frame.teachers["near"].layers[0].x
    question = given - own
    torch.testing.assert_close(question, question[:, :1].expand_as(question))
    assert step.teachers["far"].given.shape == frame.teachers["far"].tokens.x.shape


def test_counts_and_perceptrons_are_saved():
    state = step_of().state_dict()
    assert "distillers.ask.skipped" in state
    assert "distillers.ask.ask.near.0.weight" in state


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"least": 0.5}, "below 1 / 2, found 0.5"),
        ({"form": "loud"}, "form: expected one of"),
        ({"layers": {"other": 1}}, "'other' is none of the teachers"),
        ({"layers": {"near": 7}}, "expected a layer from -1 to 2, found 7"),
    ],
)
def test_wrong_arguments_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        step_of(**changes)
    with pytest.raises(ValueError, match="several different names"):
        QuestionAnswer(("a", "a"), task="kind")
