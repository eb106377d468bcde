"""FiGKD: no outside numbers; the Haar transform is checked as one, and the order of classes matters."""

import pytest
import torch

from xmodal.losses import figkd_loss


def _haar(classes: int) -> torch.Tensor:
    """The whole one-level transform as a matrix: averages, then details."""
    rows = torch.zeros(classes, classes, dtype=torch.float64)
    for i in range(classes // 2):
        rows[i, 2 * i : 2 * i + 2] = 0.5**0.5
        rows[classes // 2 + i, 2 * i], rows[classes // 2 + i, 2 * i + 1] = 0.5**0.5, -(0.5**0.5)
    return rows


def test_details_and_averages_share_the_squared_distance_of_logits() -> None:
    student, teacher = torch.randn(2, 4, 6, dtype=torch.float64)
    haar = _haar(6)
    torch.testing.assert_close(haar @ haar.T, torch.eye(6, dtype=torch.float64))
    parts = ((student - teacher) @ haar.T).square()  # [B, C]
    torch.testing.assert_close(figkd_loss(student, teacher, reduction="none"), parts[:, 3:].sum(1))
    torch.testing.assert_close(parts.sum(1), (student - teacher).square().sum(1))


def test_the_level_of_a_pair_of_classes_is_free() -> None:
    student, teacher = torch.randn(2, 4, 3, 6, dtype=torch.float64)
    moved = student + torch.randn(4, 3, 3).double().repeat_interleave(2, dim=-1)
    torch.testing.assert_close(figkd_loss(moved, teacher), figkd_loss(student, teacher))


def test_it_depends_on_the_order_of_classes() -> None:
    student, teacher = torch.tensor([[1.0, 1.0, 0.0, 0.0]]), torch.zeros(1, 4)
    across = [0, 2, 1, 3]
    assert figkd_loss(student, teacher) == 0
    assert figkd_loss(student[:, across], teacher[:, across]).item() == pytest.approx(1.0)


def test_it_does_not_depend_on_the_order_of_pairs_or_within_a_pair() -> None:
    student, teacher = torch.randn(2, 4, 6, dtype=torch.float64)
    for order in ([4, 5, 0, 1, 2, 3], [1, 0, 2, 3, 5, 4]):
        torch.testing.assert_close(figkd_loss(student[:, order], teacher[:, order]), figkd_loss(student, teacher))


@pytest.mark.parametrize("classes", [1, 5])
def test_an_odd_last_class_does_not_count(classes: int) -> None:
    student, teacher = torch.randn(2, 4, classes, dtype=torch.float64)
    student.requires_grad_()
    loss = figkd_loss(student, teacher)
    loss.backward()
    torch.testing.assert_close(loss, figkd_loss(student[:, :-1], teacher[:, :-1]))
    assert student.grad is not None
    assert not student.grad[:, -1].any()
