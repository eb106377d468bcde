"""GKL and IKL: the theorem they come from, their relation, and who gets a gradient."""

from typing import Any

import pytest
import torch
from torch import Tensor

from xmodal.losses import gkl_loss, ikl_loss, kd_loss, soft_label_loss

LABELS = torch.tensor([2, 0, 5, 2])
both = pytest.mark.parametrize("loss", [gkl_loss, ikl_loss])


def _pair() -> tuple[Tensor, Tensor]:
    student, teacher = torch.randn(2, 4, 6, dtype=torch.float64)
    return student.requires_grad_(), teacher.requires_grad_()


def _prior() -> Tensor:
    return torch.rand(6, 6, dtype=torch.float64).softmax(-1)


def test_with_the_teachers_own_weights_the_pairs_have_the_gradient_of_kl_to_the_teacher() -> None:
    """The theorem, d KL(p_teacher || p_student) / d teacher: weights p_teacher, no gradient into them."""
    student, teacher = _pair()
    pairs = ikl_loss(student.detach(), teacher, alpha=0.0, beta=1.0, weight_temperature=1.0, teacher_gradient="pairs")
    log_p, log_q = teacher.log_softmax(-1), student.detach().log_softmax(-1)
    divergence = (log_p.exp() * (log_p - log_q)).sum(-1).mean()
    found, expected = (torch.autograd.grad(x, teacher)[0] for x in (pairs, divergence))
    torch.testing.assert_close(found, expected)


def test_the_cross_entropy_has_the_gradient_of_kd_without_t_squared() -> None:
    student, teacher = _pair()
    soft = gkl_loss(student, teacher, alpha=1.0, beta=0.0, temperature=3.0)
    found, expected = (
        torch.autograd.grad(x, student)[0] for x in (soft, kd_loss(student, teacher, temperature=3.0) / 9)
    )
    torch.testing.assert_close(found, expected)


@both
def test_without_the_pairs_it_is_the_cross_entropy_of_soft_labels(loss: Any) -> None:
    student, teacher = _pair()
    expected = soft_label_loss(student / 3, teacher, temperature=3.0)
    torch.testing.assert_close(loss(student, teacher, beta=0.0, temperature=3.0), expected)


@both
def test_the_pairs_are_zero_when_logits_differ_by_a_constant_per_item(loss: Any) -> None:
    student, _ = _pair()
    teacher = student + torch.randn(4, 1)
    assert loss(student, teacher, LABELS, alpha=0.0, prior=_prior()).abs() < 1e-14


@both
def test_the_same_permutation_of_classes_changes_nothing(loss: Any) -> None:
    student, teacher = _pair()
    prior, order = _prior(), torch.tensor([3, 0, 5, 1, 4, 2])
    labels = torch.argsort(order)[LABELS]
    permuted = loss(student[:, order], teacher[:, order], labels, prior=prior[order][:, order])
    torch.testing.assert_close(permuted, loss(student, teacher, LABELS, prior=prior))


def test_with_weights_that_sum_to_one_both_normalisations_agree() -> None:
    student, teacher = _pair()
    shared = {"alpha": 0.7, "beta": 3.0, "temperature": 2.0, "prior": _prior()}
    torch.testing.assert_close(
        gkl_loss(student, teacher, LABELS, gamma=1.0, **shared), ikl_loss(student, teacher, LABELS, **shared)
    )


def test_gamma_zero_makes_all_pairs_count_alike() -> None:
    student, teacher = _pair()
    d = (teacher - student).detach()
    expected = (d[:, :, None] - d[:, None, :]).square().mean() / 4
    for prior in (None, _prior()):
        torch.testing.assert_close(
            gkl_loss(student, teacher, LABELS, alpha=0.0, beta=1.0, gamma=0.0, prior=prior).detach(), expected
        )


@both
@pytest.mark.parametrize("with_prior", [True, False])
def test_the_teacher_learns_from_the_pairs_only_where_asked(loss: Any, with_prior: bool) -> None:
    student, teacher = _pair()
    prior = _prior() if with_prior else None
    (own,) = torch.autograd.grad(
        loss(student, teacher, LABELS, prior=prior, teacher_gradient="pairs", alpha=0), student
    )
    total = loss(student, teacher, LABELS, prior=prior, teacher_gradient="pairs")
    (towards,) = torch.autograd.grad(total, teacher)
    torch.testing.assert_close(towards, -own)
    still = loss(student, teacher, LABELS, prior=prior)
    torch.testing.assert_close(still, total)
    assert torch.autograd.grad(still, teacher, allow_unused=True) == (None,)


@both
def test_the_prior_gets_no_gradient(loss: Any) -> None:
    student, teacher = _pair()
    prior = _prior().requires_grad_()
    loss(student, teacher, LABELS, prior=prior).backward()
    assert prior.grad is None


@both
def test_a_prior_that_does_not_fit_is_named(loss: Any) -> None:
    student, teacher = _pair()
    with pytest.raises(ValueError, match=r"^expected a prior \[6, 6\], found \[5, 6\]$"):
        loss(student, teacher, LABELS, prior=_prior()[1:])
    with pytest.raises(ValueError, match=r"^expected labels beside a prior, found None$"):
        loss(student, teacher, prior=_prior())
    with pytest.raises(ValueError, match=r"^unknown teacher_gradient 'all'; known: \"none\", \"pairs\"$"):
        loss(student, teacher, teacher_gradient="all")


def test_a_thousand_classes_need_no_matrix_of_pairs() -> None:
    student, teacher = torch.randn(2, 8, 1000)
    d = (teacher - student).double()
    u = teacher.double().div(4).softmax(-1) ** 0.5
    weights = u[:, :, None] * u[:, None, :]
    expected = ((d[:, :, None] - d[:, None, :]).square() * weights).sum() / (4 * weights.sum())
    found = gkl_loss(student + 1e3, teacher, alpha=0.0, beta=1.0, gamma=0.5)  # an offset takes no digits away
    torch.testing.assert_close(found.double(), expected, rtol=1e-3, atol=0)
    torch.testing.assert_close(
        gkl_loss(student, teacher, alpha=0.0, beta=1.0, gamma=0.5).double(), expected, rtol=1e-5, atol=0
    )


@pytest.mark.parametrize(
    ("loss", "name"),
    [(gkl_loss, "alpha"), (gkl_loss, "beta"), (gkl_loss, "gamma"), (ikl_loss, "alpha"), (ikl_loss, "beta")],
)
def test_a_negative_weight_is_refused(loss: Any, name: str) -> None:
    student, teacher = _pair()
    with pytest.raises(ValueError, match=rf"^expected {name} >= 0, found -1$"):
        loss(student, teacher, **{name: -1})
