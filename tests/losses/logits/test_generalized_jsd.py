"""Generalized JSD: another authors' number, its ends (where it jumps), its bound, its symmetry."""

import math

import pytest
import torch

from golden.inputs import method_grad, method_input, method_value
from xmodal.losses import generalized_jsd_loss, kd_loss, reverse_kl_loss


def _pair() -> tuple[torch.Tensor, torch.Tensor]:
    student, teacher = torch.randn(2, 4, 3, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return student, teacher


def test_sum_over_tokens_at_one_half_is_dskd_js_divergence() -> None:
    entry = "dskd/divergences"
    student = method_input(entry, "logits_s (B,L,V)").requires_grad_()
    mask = torch.arange(5).expand(2, 5) > 0
    teacher = method_input(entry, "logits_t")
    loss = generalized_jsd_loss(student, teacher, beta=0.5, temperature=2.0, mask=mask, reduction="none").sum()
    # That code rounds to float32 inside its softmax, whatever it is given.
    assert loss.item() == pytest.approx(method_value(entry, "js_divergence"), rel=1e-5)
    (grad,) = torch.autograd.grad(loss, student)
    assert grad.norm().item() == pytest.approx(method_grad(entry, "js_divergence", "logits_s (B,L,V)"), rel=1e-5)


def test_the_ends_are_forward_and_reverse_kl() -> None:
    student, teacher = _pair()
    forward = kd_loss(student, teacher, temperature=2.0) / 2**2
    torch.testing.assert_close(generalized_jsd_loss(student, teacher, beta=0.0, temperature=2.0), forward)
    reverse = reverse_kl_loss(student, teacher, temperature=2.0)
    torch.testing.assert_close(generalized_jsd_loss(student, teacher, beta=1.0, temperature=2.0), reverse)


@pytest.mark.parametrize("end", [0.0, 1.0])
def test_it_jumps_at_either_end(end: float) -> None:
    student, teacher = _pair()
    near = generalized_jsd_loss(student, teacher, beta=abs(end - 1e-6))
    assert 0 < near < 1e-5
    assert generalized_jsd_loss(student, teacher, beta=end) > 0.1


@pytest.mark.parametrize("end", [0.0, 1.0])
def test_near_an_end_it_is_the_kl_of_that_end_times_the_distance_to_it(end: float) -> None:
    student, teacher = _pair()
    near = generalized_jsd_loss(student, teacher, beta=abs(end - 1e-6)) / 1e-6
    torch.testing.assert_close(near, generalized_jsd_loss(student, teacher, beta=end), rtol=1e-4, atol=0)


def test_exchanging_the_sides_and_the_ends_changes_nothing() -> None:
    student, teacher = _pair()
    exchanged = generalized_jsd_loss(teacher, student, beta=0.7)
    torch.testing.assert_close(exchanged, generalized_jsd_loss(student, teacher, beta=0.3))


@pytest.mark.parametrize("beta", [0.1, 0.5, 0.9])
def test_it_is_bounded_by_the_entropy_of_beta_where_nothing_is_shared(beta: float) -> None:
    student, teacher = torch.tensor([[90.0, -90.0]]), torch.tensor([[-90.0, 90.0]])
    bound = -beta * math.log(beta) - (1 - beta) * math.log(1 - beta)
    assert generalized_jsd_loss(student, teacher, beta=beta).item() == pytest.approx(bound, rel=1e-6)


def test_a_constant_added_to_all_logits_of_a_token_changes_nothing() -> None:
    student, teacher = _pair()
    shifted = generalized_jsd_loss(student + torch.randn(4, 3, 1), teacher + torch.randn(4, 3, 1))
    torch.testing.assert_close(shifted, generalized_jsd_loss(student, teacher))


@pytest.mark.parametrize("beta", [-0.1, 1.1, math.nan])
def test_beta_outside_its_range_is_named(beta: float) -> None:
    with pytest.raises(ValueError, match=rf"^expected beta in \[0, 1\], found {beta}$"):
        generalized_jsd_loss(*_pair(), beta=beta)
