"""Adept snapshots, and a fusion teacher whose lessons have an information weight."""

import math
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from distillers.committee.rooms import EVERY, LABELS, C, check_doubles, check_teachers_left_alone, connected, frame, kl
from xmodal.distillers import AdeptSnapshots, FusionTeacher

TAUGHT = torch.tensor([True, True, True, False, True])


def answering(given, name, classes):
    """The frame with a teacher that answers these classes, surely."""
    logits = 5 * F.one_hot(torch.tensor(classes), C).float()
    embedding = replace(given.teachers[name], outputs={**given.teachers[name].outputs, "kind": logits})
    return replace(given, teachers={**given.teachers, name: embedding})


def test_the_adept_map_is_the_best_iou_by_class_on_labelled_training_samples():
    given = answering(answering(frame(), "a", [0, 1, 2, 1, 1]), "b", [0, 0, 0, 2, 0])  # labels 0 1 - 2 1
    distiller = connected(AdeptSnapshots("kind", teacher="a", snapshots=("b",)))
    distiller.prepare([given])
    torch.testing.assert_close(distiller.iou, torch.tensor([[1.0, 2 / 3, 0.0], [1 / 3, 0.0, 1.0]]))
    assert distiller.adept.tolist() == [0, 0, 1]


def test_a_class_that_was_never_seen_goes_to_the_best_on_average():
    labels = torch.tensor([0, 0, -1, 0, 1])
    given = answering(answering(frame(labels=labels), "a", [1, 1, 1, 1, 0]), "b", [0, 0, 0, 0, 1])
    distiller = connected(AdeptSnapshots("kind", teacher="a", snapshots=("b",)))
    distiller.prepare([given])
    assert distiller.adept.tolist() == [1, 1, 1]


def test_each_sample_is_taught_by_the_snapshot_adept_at_its_label_or_at_the_teachers_guess():
    given = answering(frame(a=TAUGHT), "a", [1, 1, 2, 0, 0])
    distiller = connected(AdeptSnapshots("kind", teacher="a", snapshots=("b",), temperature=2.0))
    distiller.adept.copy_(torch.tensor([0, 1, 0]))
    found = distiller(given)["soft"]
    a, b = (given.teachers[name].outputs["kind"] for name in "ab")
    experts = torch.stack([a[0], b[1], a[2], a[3], b[4]])  # classes 0, 1, 2 (a guess), 2, 1
    expected = kl((experts / 2).softmax(-1), given.student.outputs["kind"], 2.0)
    kept = torch.tensor([True, True, True, False, True])
    torch.testing.assert_close(found, expected * kept * 5 / 4)


def test_tokens_choose_their_own_expert():
    given = frame(labels=None)
    distiller = connected(AdeptSnapshots("each", teacher="a", snapshots=("b",)))
    distiller.adept.copy_(torch.tensor([0, 1, 1]))
    a, b = (given.teachers[name].outputs["each"] for name in "ab")
    experts = torch.where((a.argmax(-1) == 0).unsqueeze(-1), a, b)
    expected = kl(experts.softmax(-1), given.student.outputs["each"]).mean(1)
    torch.testing.assert_close(distiller(given)["soft"], expected)


def test_the_adept_map_travels_in_the_state():
    first = connected(AdeptSnapshots("kind", teacher="a", snapshots=("b",)))
    first.adept.fill_(1)
    second = connected(AdeptSnapshots("kind", teacher="a", snapshots=("b",)))
    second.load_state_dict(first.state_dict())
    assert second.adept.tolist() == [1, 1, 1]


def test_uncertain_samples_count_more():
    given = frame(a=TAUGHT)
    terms = connected(FusionTeacher("kind", teacher="a", temperature=2.0))(given)
    student, teacher = given.student.outputs["kind"], given.teachers["a"]
    p = student.softmax(-1)
    weight = -(p * p.log()).sum(-1).detach() / math.log(C)
    expected = weight * kl((teacher.outputs["kind"] / 2).softmax(-1), student, 2.0) * TAUGHT * 5 / 4
    torch.testing.assert_close(terms["logits"], expected)
    norms = [F.layer_norm(x, (4,)) for x in (given.student_as["a"].pooled, teacher.pooled)]
    expected = weight * (norms[0] - norms[1]).square().mean(1) * TAUGHT * 5 / 4
    torch.testing.assert_close(terms["features"], expected)


def test_a_teacher_that_errs_teaches_nothing_and_what_has_no_label_counts_nothing():
    given = answering(frame(), "a", [0, 0, 2, 2, 1])
    terms = connected(FusionTeacher("kind", teacher="a", information="teacher_correct"))(given)
    expected = kl(given.teachers["a"].outputs["kind"].softmax(-1), given.student.outputs["kind"])
    right = torch.tensor([True, False, False, True, True])
    torch.testing.assert_close(terms["logits"], expected * right * 5 / (LABELS >= 0).sum())
    assert terms["features"][[1, 2]].eq(0).all()
    nothing = connected(FusionTeacher("kind", teacher="a", information="teacher_correct"))(frame(labels=None))
    assert nothing["logits"].eq(0).all()


def test_token_tasks_compare_token_by_token():
    given = frame()
    distiller = connected(FusionTeacher("each", teacher="a"))
    assert distiller.projects == {"tokens"}
    norms = [F.layer_norm(x, (4,)) for x in (given.student_as["a"].tokens.x, given.teachers["a"].tokens.x)]
    p = given.student.outputs["each"].softmax(-1)
    weight = -(p * p.log()).sum(-1) / math.log(C)
    expected = (weight * (norms[0] - norms[1]).square().mean(-1)).mean(1)
    torch.testing.assert_close(distiller(given)["features"], expected)


@pytest.mark.parametrize("build", [
    lambda: AdeptSnapshots("kind", teacher="a", snapshots=("b",)),
    lambda: FusionTeacher("kind", teacher="a"),
])  # fmt: skip
def test_gradient_reaches_the_student_alone(build):
    distiller = connected(build())
    check_teachers_left_alone(distiller, frame())
    given = frame()
    check_doubles(distiller(given), given.student.outputs["kind"], given)
    assert all(term.eq(0).all() for term in distiller(frame(a=~EVERY, b=~EVERY)).values())


def test_an_unknown_information_weight_is_refused():
    with pytest.raises(ValueError, match="unknown information 'margin'"):
        FusionTeacher("kind", information="margin")
