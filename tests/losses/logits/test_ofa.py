"""OFA: what the exponent does."""

import pytest
import torch

from xmodal.losses import ofa_loss, soft_label_loss

LABELS = torch.tensor([2, 0, 5, 1])


def test_at_exponent_one_labels_do_not_matter() -> None:
    student, teacher = torch.randn(2, 4, 6, dtype=torch.float64)
    expected = soft_label_loss(student, teacher)
    for labels in (LABELS, LABELS.flip(0)):
        torch.testing.assert_close(ofa_loss(student, teacher, labels), expected)


def test_a_larger_exponent_moves_weight_to_the_true_class() -> None:
    teacher = torch.randn(4, 6, dtype=torch.float64)
    student = torch.zeros(4, 6, dtype=torch.float64, requires_grad=True)
    share = []
    for eps in (1.0, 1.5, 2.0):
        (grad,) = torch.autograd.grad(ofa_loss(student, teacher, LABELS, eps=eps, reduction="none").sum(), student)
        # At equal logits -grad_c = w_c - mean(w): only the true class can gain.
        share.append(-grad.gather(-1, LABELS[:, None]))
    assert (share[1] > share[0]).all()
    assert (share[2] > share[1]).all()


def test_a_teacher_sure_of_the_label_gives_a_multiple_of_the_cross_entropy() -> None:
    student = torch.randn(4, 6, dtype=torch.float64)
    teacher = 1e3 * torch.nn.functional.one_hot(LABELS, 6).double()
    cross_entropy = torch.nn.functional.cross_entropy(student, LABELS)
    for eps in (0.5, 1.0, 2.0):
        torch.testing.assert_close(ofa_loss(student, teacher, LABELS, eps=eps), (2**eps - 1) * cross_entropy)


def test_a_sure_teacher_wrong_about_the_label_counts_its_class_whole() -> None:
    student = torch.randn(4, 6, dtype=torch.float64)
    wrong = (LABELS + 1) % 6
    teacher = 1e3 * torch.nn.functional.one_hot(wrong, 6).double()
    expected = torch.nn.functional.cross_entropy(student, wrong)
    torch.testing.assert_close(ofa_loss(student, teacher, LABELS, eps=1.7), expected)


def test_logits_far_apart_stay_finite() -> None:
    student = torch.tensor([[3e4, -3e4, 0.0]], requires_grad=True)
    loss = ofa_loss(student, torch.tensor([[-3e4, 3e4, 0.0]]), torch.tensor([1]), eps=1.5)
    loss.backward()
    assert loss.item() == pytest.approx((2**1.5 - 1) * 6e4)
    assert student.grad is not None
    assert student.grad.isfinite().all()
