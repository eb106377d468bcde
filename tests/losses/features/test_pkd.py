"""PKD: Pearson's correlation per channel over the batch."""

import pytest
import torch

from xmodal.losses import pkd_loss


def test_it_is_one_minus_the_mean_correlation() -> None:
    student, teacher = torch.randn(2, 4, 3, 5, 6, dtype=torch.float64)
    channels = zip(student.transpose(0, 1).flatten(1), teacher.transpose(0, 1).flatten(1), strict=True)
    correlation = torch.stack([torch.corrcoef(torch.stack(pair))[0, 1] for pair in channels]).mean()
    n = 4 * 5 * 6
    assert pkd_loss(student, teacher).item() == pytest.approx((1 - correlation.item()) * (n - 1) / n, rel=1e-5)


def test_scale_and_offset_of_a_channel_do_not_matter() -> None:
    student, teacher = torch.randn(2, 4, 3, 5, 6, dtype=torch.float64)
    scale, offset = torch.tensor([[2.0, 0.5, 30.0], [-1.0, 0.0, 7.0]], dtype=torch.float64).reshape(2, 3, 1, 1)
    torch.testing.assert_close(
        pkd_loss(scale * student + offset, teacher), pkd_loss(student, teacher), rtol=1e-5, atol=0
    )


def test_an_opposite_student_costs_two() -> None:
    teacher = torch.randn(4, 3, 5, 6, dtype=torch.float64)
    assert pkd_loss(-teacher, teacher).item() == pytest.approx(2 * 119 / 120, rel=1e-5)


def test_a_dead_channel_has_no_gradient() -> None:
    student, teacher = torch.randn(2, 4, 3, 5, 6)
    student[:, 1] = 0.3
    student.requires_grad_()
    pkd_loss(student, teacher).backward()
    assert student.grad is not None
    assert not student.grad[:, 1].any()
    assert student.grad.abs().max() < 1


def test_a_single_place_is_constant() -> None:
    student = torch.randn(1, 3, 1, 1, requires_grad=True)
    loss = pkd_loss(student, torch.randn(1, 3, 1, 1))
    loss.backward()
    assert loss == 0
    assert student.grad is not None
    assert not student.grad.any()
