"""F2LLM-v2 and MRL: sums over nested prefixes, of a teacher's own losses and of a student that follows it."""

from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional as F

from distillers.committee.rooms import check_doubles
from xmodal.bus import Embedding, Frame
from xmodal.data.batch import Batch
from xmodal.distillers import MatryoshkaHeads, MatryoshkaTeacher
from xmodal.tasks import Classification

B = 5
TASKS = {"kind": Classification(("a", "b", "c"))}
LABELS = torch.tensor([0, 1, -1, 2, 1])
MODELS = {"student": SimpleNamespace(width=16), "t": SimpleNamespace(width=24)}


def frame(taught=(True,) * B, labels=LABELS):
    torch.manual_seed(0)
    known = {} if labels is None else {"kind": labels >= 0}
    return Frame(
        student=Embedding(pooled=torch.randn(B, 16, requires_grad=True)),
        batch=Batch(
            tuple("abcde"), {}, torch.arange(B), labels={} if labels is None else {"kind": labels}, labelled=known
        ),
        teachers={"t": Embedding(pooled=torch.randn(B, 24, requires_grad=True))},
        taught={"t": torch.tensor(taught)},
    )


def taught_by(**options):
    distiller = MatryoshkaTeacher(teacher="t", **options)
    distiller.connect(MODELS, {})
    return distiller


def test_the_student_regresses_the_first_channels_and_contrasts_prefixes():
    given = frame()
    own, theirs = given.student.pooled, given.teachers["t"].pooled
    found = taught_by(temperature=0.1)(given)
    torch.testing.assert_close(found["truncated"], (own - theirs[:, :16]).square().mean(1))
    expected = torch.zeros(B)
    for n, width in ((1, 16), (2, 8)):
        u, v = (F.normalize(x[:, :width], dim=1) for x in (own, theirs))
        miss = F.cross_entropy(u @ v.T / 0.1, torch.arange(B), reduction="none")
        expected = expected + miss / (n * (16 / width) ** 0.5)
    torch.testing.assert_close(found["contrast"], expected)


def test_the_teacher_and_its_later_channels_are_left_alone():
    given = frame()
    sum(term.sum() for term in taught_by()(given).values()).backward()
    assert given.teachers["t"].pooled.grad is None
    assert given.student.pooled.grad.any()
    other = frame()
    with torch.no_grad():
        other.teachers["t"].pooled[:, 16:] = 9.0
    for name, value in taught_by()(other).items():
        assert torch.equal(value, taught_by()(frame())[name])


def test_untaught_samples_are_no_negatives_either():
    taught = torch.tensor([True, True, False, True, True])
    found = taught_by()(frame(taught.tolist()))
    given = frame()
    few = Frame(
        student=Embedding(pooled=given.student.pooled[taught]),
        batch=given.batch,
        teachers={"t": Embedding(pooled=given.teachers["t"].pooled[taught])},
        taught={"t": taught[taught]},
    )
    for name, value in taught_by()(few).items():
        torch.testing.assert_close(found[name].mean(), value.mean())


def test_a_weight_scales_a_term():
    given = frame()
    check_doubles(taught_by()(given), given.student.pooled, given)


def test_a_narrower_teacher_is_told():
    with pytest.raises(ValueError, match="at least as wide"):
        MatryoshkaTeacher(teacher="t").connect({**MODELS, "t": SimpleNamespace(width=8)}, {})


def test_heads_sum_over_prefixes_on_the_labelled_samples():
    torch.manual_seed(2)
    heads = MatryoshkaHeads()
    heads.connect(MODELS, TASKS)
    given = frame()
    known = LABELS >= 0
    expected = torch.zeros(())
    for width in (8, 16):
        logits = heads.heads["kind"][str(width)](given.student.pooled[:, :width])
        expected = expected + F.cross_entropy(logits[known], LABELS[known])
    found = heads(given)["kind"]
    assert found[2] == 0
    torch.testing.assert_close(found.mean(), expected)
    found.sum().backward()
    assert all(p.grad is not None for p in heads.parameters())
    assert not heads(frame(labels=None))["kind"].any()
