"""Reverse KL: the numbers of two authors' codes, the mode it seeks, its mirror image."""

import pytest
import torch

from golden.inputs import method_grad, method_input, method_value
from losses.check import assert_golden
from xmodal.losses import generalized_jsd_loss, kd_loss, reverse_kl_loss


def test_masked_token_mean_is_trl_at_beta_one() -> None:
    entry = "trl/generalized_jsd"
    student = method_input(entry, "logits_s (B,L,V)").requires_grad_()
    mask = torch.ones(2, 5, dtype=torch.bool)
    mask[:, 0] = mask[0, 1] = False
    loss = reverse_kl_loss(student, method_input(entry, "logits_t"), temperature=0.9, mask=mask)
    assert_golden(loss, entry, "beta1_T0.9", {"logits_s (B,L,V)": student})


def test_sum_over_tokens_is_dskd_reverse_kl() -> None:
    entry = "dskd/divergences"
    student = method_input(entry, "logits_s (B,L,V)").requires_grad_()
    mask = torch.arange(5).expand(2, 5) > 0
    teacher = method_input(entry, "logits_t")
    loss = reverse_kl_loss(student, teacher, temperature=2.0, mask=mask, reduction="none").sum()
    # That code rounds to float32 inside its softmax, whatever it is given.
    assert loss.item() == pytest.approx(method_value(entry, "reverse_kl"), rel=1e-5)
    (grad,) = torch.autograd.grad(loss, student)
    assert grad.norm().item() == pytest.approx(method_grad(entry, "reverse_kl", "logits_s (B,L,V)"), rel=1e-5)


def test_it_is_kd_with_the_sides_exchanged() -> None:
    student, teacher = torch.randn(2, 4, 6, dtype=torch.float64)
    exchanged = kd_loss(teacher, student, temperature=3.0) / 3**2
    torch.testing.assert_close(reverse_kl_loss(student, teacher, temperature=3.0), exchanged)


def test_it_is_the_generalized_jsd_at_beta_one() -> None:
    student, teacher = torch.randn(2, 4, 6, dtype=torch.float64)
    expected = generalized_jsd_loss(student, teacher, beta=1.0, temperature=2.0)
    assert reverse_kl_loss(student, teacher, temperature=2.0) == expected


def test_one_mode_of_two_costs_less_than_covering_both_with_the_valley() -> None:
    teacher = torch.tensor([[5.0, -5.0, 5.0]])
    one_mode, all_over = torch.tensor([[5.0, -5.0, -5.0]]), torch.tensor([[0.0, 0.0, 0.0]])
    assert reverse_kl_loss(one_mode, teacher) < reverse_kl_loss(all_over, teacher)
    assert kd_loss(one_mode, teacher, temperature=1.0) > kd_loss(all_over, teacher, temperature=1.0)


def test_a_constant_added_to_all_logits_of_a_token_changes_nothing() -> None:
    student, teacher = torch.randn(2, 4, 3, 6, dtype=torch.float64)
    shifted = reverse_kl_loss(student + torch.randn(4, 3, 1), teacher + torch.randn(4, 3, 1))
    torch.testing.assert_close(shifted, reverse_kl_loss(student, teacher))


def test_logits_far_apart_stay_finite() -> None:
    student, teacher = torch.tensor([[3e4, -3e4, 0.0]], requires_grad=True), torch.tensor([[-3e4, 3e4, 0.0]])
    loss = reverse_kl_loss(student, teacher)
    loss.backward()
    assert loss == 6e4
    assert student.grad is not None
    assert student.grad.isfinite().all()
