"""The triplet loss: when it is zero, what it ignores, and who gets a gradient."""

import pytest
import torch

from xmodal.losses import triplet_loss


def _triplet() -> tuple[torch.Tensor, ...]:
    student, teacher, negative = (x.requires_grad_() for x in torch.randn(3, 6, 5, dtype=torch.float64))
    return student, teacher, negative


def test_it_is_zero_when_the_negative_is_farther_by_the_margin() -> None:
    student, teacher, _ = _triplet()
    negative = student.detach().clone()
    negative[:, 0] += 10
    far = (student - teacher).norm(dim=1).max().item()
    assert triplet_loss(student, teacher, negative=negative, margin=9.9 - far) == 0
    assert triplet_loss(student, teacher, negative=negative, margin=10.1) > 0


def test_equal_positive_and_negative_give_the_margin() -> None:
    student, teacher, _ = _triplet()
    assert triplet_loss(student, teacher, negative=teacher, margin=1.5).item() == pytest.approx(1.5)


def test_one_vector_added_to_all_three_changes_nothing() -> None:
    student, teacher, negative = _triplet()
    shift = torch.randn(5)
    moved = triplet_loss(student + shift, teacher + shift, negative=negative + shift)
    torch.testing.assert_close(moved, triplet_loss(student, teacher, negative=negative))


def test_a_turn_of_all_three_changes_no_more_than_the_eps() -> None:
    student, teacher, negative = _triplet()
    turn, _ = torch.linalg.qr(torch.randn(5, 5, dtype=torch.float64))
    turned = triplet_loss(student @ turn, teacher @ turn, negative=negative @ turn)
    torch.testing.assert_close(turned, triplet_loss(student, teacher, negative=negative), rtol=0, atol=2e-5)


def test_teacher_and_negative_learn_only_where_asked() -> None:
    student, teacher, negative = _triplet()
    fixed = triplet_loss(student, teacher, negative=negative, margin=9.0)
    grads = torch.autograd.grad(fixed, (student, teacher, negative), allow_unused=True)
    assert grads[0] is not None
    assert grads[1:] == (None, None)
    full = triplet_loss(student, teacher, negative=negative, margin=9.0, teacher_gradient="full")
    torch.testing.assert_close(full, fixed)
    ours, theirs, others = torch.autograd.grad(full, (student, teacher, negative))
    torch.testing.assert_close(ours, grads[0])
    torch.testing.assert_close(theirs + others, -ours)


def test_equal_embeddings_have_bounded_gradients() -> None:
    student, teacher, _ = _triplet()
    triplet_loss(student, student.detach(), negative=student.detach()).backward()
    assert student.grad is not None
    assert student.grad.abs().max() <= 1
    with pytest.raises(
        ValueError, match=r"^expected student and teacher of one shape .*\[6, 5\] and teacher \[5, 5\]$"
    ):
        triplet_loss(student, teacher, negative=teacher[1:])
    with pytest.raises(ValueError, match=r"^unknown teacher_gradient 'pairs'; known: \"none\", \"full\"$"):
        triplet_loss(student, teacher, negative=teacher, teacher_gradient="pairs")  # type: ignore[arg-type]
