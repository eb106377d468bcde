"""Activation regions of RadarDistill: which cells count, and what happens where a region is empty."""

import torch

from xmodal.losses import activation_map_loss, activation_mask_loss


def _responding(*cells: int) -> torch.Tensor:
    """One sample of two channels and four cells, 1 and 2 where it responds."""
    x = torch.zeros(1, 2, 1, 4, dtype=torch.float64)
    x[0, 0, 0, list(cells)] = 1
    x[0, 1, 0, list(cells)] = 2
    return x


def test_cells_of_both_and_of_the_student_alone_weigh_alike_in_all() -> None:
    # AR = {1}: the maps agree. IR = {0, 2}: 1 + 4 squared in each, ratio |AR| / |IR| = 1/2. Cell 3: a silent student.
    loss = activation_map_loss(_responding(0, 1, 2), _responding(1, 3), active_weight=10, inactive_weight=1)
    assert loss == 2 * 5 / 2


def test_an_empty_inactive_region_adds_nothing() -> None:
    student = (2 * _responding(1, 2)).requires_grad_()
    loss = activation_map_loss(student, _responding(1, 2, 3), active_weight=1)
    loss.backward()
    assert loss == 2 * 5
    assert student.grad is not None
    assert student.grad.isfinite().all()


def test_without_a_common_cell_the_loss_is_zero() -> None:
    assert activation_map_loss(_responding(0), _responding(1)) == 0


def test_the_ratio_is_that_of_the_whole_batch() -> None:
    student = torch.cat([_responding(0, 1), _responding(2)])
    teacher = torch.cat([_responding(0), _responding(2)])
    items = activation_map_loss(student, teacher, inactive_weight=1, reduction="none")
    assert items.tolist() == [2 * 5, 0]  # |AR| = 2, |IR| = 1


def test_a_silent_student_is_drawn_to_the_mask_but_not_to_the_map() -> None:
    student = torch.zeros(1, 2, 1, 4, requires_grad=True)
    teacher = _responding(1).float()
    assert activation_map_loss(student, teacher) == 0
    (grad,) = torch.autograd.grad(activation_mask_loss(student, teacher), student)
    assert (grad.sign() == torch.tensor([1, -1, 1, 1])).all()


def test_the_mask_loss_sees_only_whether_the_teacher_responds() -> None:
    student, teacher = torch.randn(2, 3, 2, 4, 4)
    mask_loss = activation_mask_loss(student, teacher)
    torch.testing.assert_close(activation_mask_loss(student, 9 * teacher), mask_loss)


def test_the_mask_loss_tends_to_zero_and_to_one() -> None:
    teacher = torch.randn(3, 2, 4, 4)
    responds = 2 * (teacher.sum(1, keepdim=True) > 0).float() - 1
    assert activation_mask_loss(50 * responds, teacher[:, :1] * 0 + responds) < 1e-6
    assert activation_mask_loss(-50 * responds, teacher[:, :1] * 0 + responds) > 1 - 1e-6
