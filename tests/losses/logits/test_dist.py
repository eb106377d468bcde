"""DIST: what a correlation ignores, and what it cannot see."""

import pytest
import torch

from xmodal.losses import dist_loss


def _pair() -> tuple[torch.Tensor, torch.Tensor]:
    student, teacher = torch.randn(2, 6, 5, dtype=torch.float64)
    return student, teacher


def test_equal_logits_give_zero_up_to_the_eps_of_the_source() -> None:
    student, _ = _pair()
    assert dist_loss(student, student) < 1e-5


def test_probabilities_scaled_about_the_uniform_ones_change_nothing() -> None:
    _, teacher = _pair()
    student = (0.4 * teacher.softmax(-1) + 0.6 / 5).log()
    assert dist_loss(student, teacher) < 1e-5
    assert dist_loss(student, teacher.flip(0)) > 0.5


def test_a_constant_added_to_all_logits_of_an_item_changes_nothing() -> None:
    student, teacher = _pair()
    shifted = dist_loss(student + torch.randn(6, 1), teacher + torch.randn(6, 1), temperature=2.0)
    torch.testing.assert_close(shifted, dist_loss(student, teacher, temperature=2.0))


def test_each_part_is_at_most_two() -> None:
    _, teacher = _pair()
    against = (0.45 - 0.25 * teacher.softmax(-1)).log()  # sums to a constant, so softmax only divides
    assert 2 - 1e-5 < dist_loss(against, teacher, gamma=0) <= 2
    assert 2 - 1e-5 < dist_loss(against, teacher, beta=0) <= 2


def test_one_item_has_no_correlation_over_the_batch() -> None:
    student, teacher = _pair()
    alone = student[:1].requires_grad_()
    loss = dist_loss(alone, teacher[:1], beta=0)
    loss.backward()
    assert loss == 1
    assert alone.grad is not None
    assert not alone.grad.any()


def test_an_undecided_student_gets_no_gradient_instead_of_a_huge_one() -> None:
    teacher = torch.randn(6, 5)
    student = torch.full((6, 5), 0.3, requires_grad=True)
    loss = dist_loss(student, teacher)
    loss.backward()
    assert loss == 2
    assert student.grad is not None
    assert not student.grad.any()


def test_tokens_are_items_like_samples() -> None:
    student, teacher = _pair()
    torch.testing.assert_close(
        dist_loss(student.reshape(3, 2, 5), teacher.reshape(3, 2, 5)), dist_loss(student, teacher)
    )


@pytest.mark.parametrize("name", ["beta", "gamma"])
def test_a_negative_weight_is_refused(name: str) -> None:
    student, teacher = _pair()
    with pytest.raises(ValueError, match=rf"^expected {name} >= 0, found -1$"):
        dist_loss(student, teacher, **{name: -1})
