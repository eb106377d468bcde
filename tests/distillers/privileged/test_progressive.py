"""Gap-aware progressive distillation: the running gap, the router's rule, the schedule, what is masked."""

import pytest
import torch
from torch.nn import functional as F

from xmodal.adapter import Adapter
from xmodal.bus import Embedding, Frame
from xmodal.data.batch import Batch
from xmodal.distillers import ProgressiveGuidance
from xmodal.losses import rkd_distance_loss, unbiased_linear_cka

B, D = 8, 5


def frame(progress=0.5, taught=None, same=False):
    torch.manual_seed(0)
    own = torch.randn(B, D, requires_grad=True)
    theirs = own.detach().clone().requires_grad_() if same else torch.randn(B, D, requires_grad=True)
    logits = torch.randn(B, 3, requires_grad=True), torch.randn(B, 3, requires_grad=True)
    return Frame(
        student=Embedding(pooled=own, outputs={"t": logits[0]}),
        student_as={"teacher": Embedding(pooled=own @ torch.randn(D, D))},
        teachers={"teacher": Embedding(pooled=theirs, outputs={"t": logits[1]})},
        batch=Batch(tuple(map(str, range(B))), {}, torch.arange(B)),
        taught={"teacher": torch.ones(B, dtype=torch.bool) if taught is None else taught},
        progress=progress,
    )


def test_both_terms_by_hand():
    given = frame()
    distiller = ProgressiveGuidance("t", temperature=2.0, spread=0.5).eval()
    distiller.gap.fill_(0.7)
    found = distiller(given)
    weights = torch.tensor([-((0.7 - c) ** 2) / (2 * 0.25) for c in (0.0, 0.5, 1.0)]).softmax(0)
    student, teacher = given.student, given.teachers["teacher"]
    direct = 1 - torch.cosine_similarity(student.pooled, teacher.pooled)
    through = 1 - torch.cosine_similarity(given.student_as["teacher"].pooled, teacher.pooled)
    related = rkd_distance_loss(student.pooled, teacher.pooled)
    share = 0.5**1.7
    feature = weights[0] * direct + weights[1] * through + weights[2] * related
    torch.testing.assert_close(found["feature"], (1 - share) * feature)
    answers = F.kl_div(
        (student.outputs["t"] / 2).log_softmax(1), (teacher.outputs["t"] / 2).softmax(1), reduction="none"
    )
    torch.testing.assert_close(found["logits"], share * 4 * answers.sum(1))


def test_the_gap_follows_cka_in_training_alone():
    given = frame()
    distiller = ProgressiveGuidance("t", momentum=0.9)
    cka = unbiased_linear_cka(given.student.pooled, given.teachers["teacher"].pooled).clamp(0, 1)
    distiller(given)
    torch.testing.assert_close(distiller.gap, 0.9 + 0.1 * (1 - cka.detach()))
    before = distiller.eval().gap.clone()
    distiller(given)
    assert torch.equal(distiller.gap, before)
    assert "gap" in distiller.state_dict()


def test_equal_features_close_the_gap_and_are_compared_directly():
    distiller = ProgressiveGuidance("t", momentum=0.0)
    distiller(frame(same=True))
    assert distiller.gap < 1e-5
    assert distiller.route().argmax() == 0
    distiller.gap.fill_(1.0)
    assert distiller.route().argmax() == 2


def test_features_come_first_and_logits_last_later_the_wider_the_gap():
    distiller = ProgressiveGuidance("t").eval()
    assert distiller(frame(progress=0.0))["logits"].abs().sum() == 0
    assert distiller(frame(progress=1.0))["feature"].abs().sum() == 0
    wide = distiller.share(0.5)
    distiller.gap.fill_(0.2)
    assert distiller.share(0.5) > wide


def test_untaught_samples_count_nothing_and_the_teacher_gets_no_gradient():
    taught = torch.tensor([True] * 5 + [False] * 3)
    given = frame(taught=taught)
    found = ProgressiveGuidance("t")(given)
    assert all(term[~taught].abs().sum() == 0 for term in found.values())
    sum(term.mean() for term in found.values()).backward()
    teacher = given.teachers["teacher"]
    assert teacher.pooled.grad is None
    assert teacher.outputs["t"].grad is None
    assert given.student.outputs["t"].grad[~taught].abs().sum() == 0
    assert given.student.pooled.grad[taught].abs().sum() > 0
    given.student.pooled.grad = None
    few = ProgressiveGuidance("t")
    few(frame(taught=torch.arange(B) < 3))
    assert few.gap == 1  # three samples tell no gap


def test_other_widths_are_refused():
    models = {"student": Adapter(), "teacher": Adapter()}
    models["student"].width, models["teacher"].width = 4, 5
    with pytest.raises(ValueError, match="expected one width, found 4 and 5"):
        ProgressiveGuidance("t").connect(models, {})
    with pytest.raises(ValueError, match="expected momentum in"):
        ProgressiveGuidance("t", momentum=1.0)
