"""Stages projected to class logits (OFA-KD, SPOFA), and uni-modal teachers of a model's branches (SynLeaF)."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from distillers.committee.rooms import (
    EVERY,
    LABELS,
    MODELS,
    TASKS,
    check_doubles,
    check_teachers_left_alone,
    connected,
    frame,
)
from xmodal.balance import Agreement
from xmodal.distillers import NormedStageLogits, StageLogits, UnimodalTeachers

SOME = torch.tensor([True, False, True, True, False])


def enhanced(student, teacher, eps):
    """[B]: L_ofa of labelled rows, written out."""
    hot = F.one_hot(LABELS.clamp_min(0), 3)
    weight = (teacher.softmax(-1) + hot) ** eps - hot
    return -(weight * student.log_softmax(-1)).sum(-1)


@pytest.mark.parametrize("eps", [1.0, 1.5])
def test_every_stage_and_the_final_logits_meet_the_teachers(eps):
    given = frame(a=SOME)
    distiller = connected(StageLogits("kind", teacher="a", eps=eps)).eval()
    terms = distiller(given)
    assert list(terms) == ["final", "stage0", "stage1"]
    kept = SOME if eps == 1 else SOME & (LABELS >= 0)
    for name, z in (("final", given.student.outputs["kind"]),
                    ("stage1", distiller.projectors[1](given.student.layers[1]))):  # fmt: skip
        expected = enhanced(z, given.teachers["a"].outputs["kind"], eps) * kept * 5 / kept.sum()
        torch.testing.assert_close(terms[name], expected)


def test_a_stage_is_halved_as_often_as_stages_follow():
    distiller = connected(StageLogits("kind", teacher="a"))
    assert [[conv[0].stride[0] for conv in p.convs] for p in distiller.projectors] == [[2], [1]]


def test_spofa_adds_a_norm_and_measures_agreement_that_the_balance_keeps_out_of_the_sum():
    given = frame(a=SOME)
    distiller = connected(NormedStageLogits("kind", teacher="a")).eval()
    assert all(isinstance(p.classifier[0], nn.LayerNorm) for p in distiller.projectors)
    terms = distiller(given)
    z = distiller.projectors[0](given.student.layers[0])
    expected = F.cosine_similarity(z, given.teachers["a"].outputs["kind"])[SOME].mean()
    torch.testing.assert_close(terms["agree0"].mean(), expected)
    assert not terms["agree0"].requires_grad
    named = {f"stages/{name}": term for name, term in terms.items()}
    named["task/kind"] = F.cross_entropy(given.student.outputs["kind"], LABELS, ignore_index=-1, reduction="none")
    stages = {f"stages/stage{i}": f"stages/agree{i}" for i in range(2)}
    total = Agreement("kind", "stages/final", stages=stages).eval()(named, given)
    torch.testing.assert_close(total, sum(t.mean() for n, t in named.items() if "agree" not in n))


def test_labels_do_not_matter_at_eps_one():
    distiller = connected(StageLogits("kind", teacher="a")).eval()
    for labels in (None, (LABELS + 1) % 3):
        torch.testing.assert_close(distiller(frame(labels=labels)), distiller(frame()))
    enhancing = connected(StageLogits("kind", teacher="a", eps=2.0)).eval()
    assert all(term.eq(0).all() for term in enhancing(frame(labels=None)).values())


def test_gradient_reaches_student_and_projectors_alone():
    distiller, given = connected(StageLogits("kind", teacher="a")), frame()
    check_teachers_left_alone(distiller, given)
    assert given.student.layers[0].x.grad.any()
    given = frame()
    check_doubles(distiller(given), given.student.outputs["kind"], given)
    assert all(term.eq(0).all() for term in distiller(frame(a=~EVERY)).values())


def branches(width=4):
    parts = nn.ModuleDict({"eye": nn.Identity(), "ear": nn.Identity()})
    parts["eye"].token_width, parts["ear"].width = width, 8
    models = {**MODELS, "student": SimpleNamespace(adapter=SimpleNamespace(parts=parts))}
    distiller = UnimodalTeachers({"eye": "a", "ear": "b"})
    distiller.connect(models, TASKS)
    return distiller


def test_each_branch_regresses_the_teacher_of_its_own_sensor():
    given = frame(a=SOME)
    terms = branches()(given)
    eye, ear = given.student.parts["eye"].tokens.x.mean(1), given.student.parts["ear"].pooled
    torch.testing.assert_close(terms["eye"], (eye - given.teachers["a"].pooled).square().mean(1) * SOME * 5 / 3)
    torch.testing.assert_close(terms["ear"], (ear - given.teachers["b"].pooled).square().mean(1))
    check_doubles(terms, given.student.parts["ear"].pooled, given)
    check_teachers_left_alone(branches(), frame())


def test_branches_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="part 'eye' has width 5, its teacher 'a' 4"):
        branches(width=5)
    with pytest.raises(ValueError, match="found none"):
        UnimodalTeachers({})
