"""PRIDE: reverse KL of answers and MMD of features, by formula."""

import torch

from distillers.privileged.frames import check_weight_scales, frame
from xmodal.bus import Embedding
from xmodal.distillers import GatedPrivilege


def sides():
    torch.manual_seed(0)
    return tuple(torch.randn(5, width, dtype=torch.float64, requires_grad=True) for width in (3, 4, 3, 4))


def given(logits, own, target, theirs, taught=None):
    student = Embedding(pooled=torch.zeros(5, 7), outputs={"k": logits})
    teacher = Embedding(pooled=theirs, outputs={"k": target})
    return frame(student, teacher, student_as=Embedding(pooled=own), taught=taught)


def mmd(a, b):
    """Sample by sample, with the five bandwidths and the lower median."""
    rows = [*a, *b]
    gaps = [(x - y).square().sum() for i, x in enumerate(rows) for y in rows[:i]]
    median = sorted(float(g.detach()) for g in gaps)[(len(gaps) - 1) // 2]

    def kernel(x, y):
        return sum(torch.exp(-(x - y).square().sum() / (s * median)) for s in (0.25, 0.5, 1, 2, 4)) / 5

    def mean(xs, ys):
        return sum(kernel(x, y) for x in xs for y in ys) / (len(xs) * len(ys))

    return mean(a, a) + mean(b, b) - 2 * mean(a, b)


def test_both_terms_by_formula():
    logits, own, target, theirs = sides()
    found = GatedPrivilege("k", teacher="t", temperature=2.0)(given(logits, own, target, theirs))
    p, q = (logits / 2).softmax(1), (target / 2).softmax(1)
    torch.testing.assert_close(found["reverse_kl"], (p * (p / q).log()).sum(1))
    torch.testing.assert_close(found["mmd"], mmd(own, theirs))


def test_no_gradient_to_the_teacher_and_weights_scale():
    logits, own, target, theirs = sides()
    now = given(logits, own, target, theirs)
    found = GatedPrivilege("k", teacher="t")(now)
    check_weight_scales({"p/reverse_kl": found["reverse_kl"]}, logits, now)
    check_weight_scales({"p/mmd": found["mmd"]}, own, now)
    sum(term.sum() for term in found.values()).backward()
    assert target.grad is None
    assert theirs.grad is None


def test_untaught_samples_count_nothing():
    taught = torch.tensor([True, False, True, True, False])
    logits, own, target, theirs = sides()
    found = GatedPrivilege("k", teacher="t")(given(logits, own, target, theirs, taught))
    whole = GatedPrivilege("k", teacher="t")(given(logits, own, target, theirs))
    torch.testing.assert_close(found["reverse_kl"].mean(), whole["reverse_kl"][taught].mean())
    torch.testing.assert_close(found["mmd"], mmd(own[taught], theirs[taught]))
    sum(term.sum() for term in found.values()).backward()
    assert not logits.grad[~taught].any()
    assert not own.grad[~taught].any()


def test_equal_answers_and_the_same_set_of_features_in_another_order_are_zero():
    logits, own, _, _ = sides()
    found = GatedPrivilege("k", teacher="t")(given(logits, own, logits + 3, own.flip(0)))
    assert found["reverse_kl"].abs().max() < 1e-12
    assert found["mmd"].abs() < 1e-12
