"""Margin response: nothing within the margin, the distance less the margin beyond it."""

import pytest
import torch

from xmodal.losses import margin_response_loss


def test_within_the_margin_there_is_neither_loss_nor_gradient() -> None:
    teacher = torch.randn(3, 5)
    direction = torch.nn.functional.normalize(torch.randn(3, 5), dim=-1)
    student = (teacher + 0.29 * direction).requires_grad_()
    loss = margin_response_loss(student, teacher, margin=0.3)
    loss.backward()
    assert loss == 0
    assert student.grad is not None
    assert not student.grad.any()
    beyond = margin_response_loss(teacher + 0.8 * direction, teacher, margin=0.3)
    assert beyond.item() == pytest.approx(0.5, rel=1e-5)


def test_moving_and_rotating_both_changes_nothing() -> None:
    student, teacher = torch.randn(2, 4, 3, 5, dtype=torch.float64)
    rotation, _ = torch.linalg.qr(torch.randn(5, 5, dtype=torch.float64))
    loss = margin_response_loss(student, teacher)
    torch.testing.assert_close(margin_response_loss(student @ rotation + 1, teacher @ rotation + 1), loss)
