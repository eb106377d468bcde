"""PET-free amyloid, distillation: three terms by formula at several moments, and who gets gradient."""

import pytest
import torch
from torch.nn import functional as F

from distillers.privileged.frames import check_weight_scales, frame
from xmodal.bus import Embedding
from xmodal.distillers import PETFreeAmyloid

LABELS = torch.tensor([1, 0, -1, 1, 0, -1])


def sides():
    torch.manual_seed(0)
    return tuple(torch.randn(6, width, requires_grad=True) for width in (4, 2, 4, 2))


def given(own, logits, theirs, target, **more):
    student = Embedding(pooled=own, outputs={"k": logits})
    return frame(student, Embedding(pooled=theirs, outputs={"k": target}), **{"labels": LABELS, **more})


@pytest.mark.parametrize(
    ("progress", "temperature", "margin", "weight"),
    [(0.0, 2.5, 0.3, 0.1), (0.12, 1.8, 0.72, 0.3), (0.9, 1.0, 1.2, 0.3)],
)
def test_the_terms_are_the_sources_at_that_share_of_the_steps(progress, temperature, margin, weight):
    own, logits, theirs, target = (x.double() for x in sides())
    found = PETFreeAmyloid("k", teacher="t")(given(own, logits, theirs, target, progress=progress))
    z, w = logits[:, 1] - logits[:, 0], target[:, 1] - target[:, 0]
    soft = F.binary_cross_entropy_with_logits(z / temperature, torch.sigmoid(w / temperature), reduction="none")
    torch.testing.assert_close(found["logit"], temperature**2 * soft)
    cosine = torch.cosine_similarity(own, theirs)
    torch.testing.assert_close(found["feature"], (2 - 2 * cosine) / 4)
    known = LABELS >= 0
    y, z = LABELS[known].double(), z[known]
    moved = torch.where(y == 1, z - margin, z + margin)
    each = F.binary_cross_entropy_with_logits(moved, y, reduction="none")
    right = (-each).exp()
    gap = z[y == 1].mean() - z[y == 0].mean()
    expected = ((1 - right) ** 2 * each).mean() + weight * 0.1 * F.relu(margin - gap)
    torch.testing.assert_close(found["class"], expected)


def test_no_gradient_to_the_teacher_and_weights_scale():
    own, logits, theirs, target = sides()
    now = given(own, logits, theirs, target)
    found = PETFreeAmyloid("k", teacher="t")(now)
    check_weight_scales({f"a/{n}": found[n] for n in ("class", "logit")}, logits, now)
    check_weight_scales({"a/feature": found["feature"]}, own, now)
    sum(term.sum() for term in found.values()).backward()
    assert theirs.grad is None
    assert target.grad is None


def test_untaught_and_unlabelled_samples_count_nothing():
    taught = torch.tensor([True, True, True, False, False, False])
    own, logits, theirs, target = sides()
    part = PETFreeAmyloid("k", teacher="t")(given(own, logits, theirs, target, taught=taught))
    few = tuple(x[taught] for x in (own, logits, theirs, target))
    whole = PETFreeAmyloid("k", teacher="t")(given(*few, labels=LABELS[taught]))
    for name in ("feature", "logit"):
        assert not part[name][3:].any()
        torch.testing.assert_close(part[name].mean(), whole[name].mean())
    (grad,) = torch.autograd.grad(part["class"], logits)
    assert not grad[LABELS < 0].any()
    assert grad[LABELS >= 0].all()
    none = PETFreeAmyloid("k", teacher="t")(given(own, logits, theirs, target, labels=None))
    assert none["class"] == 0


def test_equal_directions_have_no_feature_loss():
    own, logits, _, target = sides()
    found = PETFreeAmyloid("k", teacher="t")(given(own, logits, 3 * own, target))
    assert found["feature"].max() < 1e-12


def test_what_does_not_fit_is_told():
    own, _, theirs, _ = sides()
    three = torch.randn(6, 3)
    with pytest.raises(ValueError, match="expected two classes"):
        PETFreeAmyloid("k", teacher="t")(given(own, three, theirs, three))
    wide, narrow = (type("M", (), {"width": width}) for width in (8, 4))
    with pytest.raises(ValueError, match="one width, found 4 and 8"):
        PETFreeAmyloid("k", teacher="t").connect({"student": narrow, "t": wide}, {})
