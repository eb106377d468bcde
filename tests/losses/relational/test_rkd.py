"""RKD, distance and angle: invariances, and the cases in which a distance is zero."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from xmodal.losses import RKDAngleLoss, rkd_angle_loss, rkd_distance_loss

both = pytest.mark.parametrize("loss", [rkd_distance_loss, rkd_angle_loss])


def _turn_move_scale(x: Tensor) -> Tensor:
    rotation = torch.linalg.qr(torch.randn(x.shape[1], x.shape[1], dtype=x.dtype)).Q
    return 3 * x @ rotation + torch.randn(x.shape[1], dtype=x.dtype)


@both
def test_a_turned_moved_and_scaled_teacher_is_matched(loss: Callable[..., Tensor]) -> None:
    teacher = torch.randn(7, 5, dtype=torch.float64)
    assert loss(_turn_move_scale(teacher), teacher) < 1e-20


@both
def test_turning_moving_and_scaling_either_side_changes_nothing(loss: Callable[..., Tensor]) -> None:
    student, teacher = torch.randn(7, 5, dtype=torch.float64), torch.randn(7, 9, dtype=torch.float64)
    expected = loss(student, teacher)
    assert expected > 1e-3
    torch.testing.assert_close(loss(_turn_move_scale(student), teacher), expected)
    torch.testing.assert_close(loss(student, _turn_move_scale(teacher)), expected)


@both
def test_a_large_common_offset_costs_no_digits(loss: Callable[..., Tensor]) -> None:
    student, teacher = torch.randn(2, 16, 8)
    # Multiples of 1/256 stay exact under the offset, so only the loss itself can round.
    student, teacher = (256 * student).round() / 256, (256 * teacher).round() / 256
    torch.testing.assert_close(loss(student + 1000, teacher), loss(student, teacher), rtol=1e-4, atol=0)


@both
def test_the_gradient_does_not_move_all_embeddings_together(loss: Callable[..., Tensor]) -> None:
    student, teacher = torch.randn(2, 7, 5, dtype=torch.float64)
    loss(student.requires_grad_(), teacher).backward()
    assert student.grad is not None
    assert student.grad.sum(0).abs().max() < 1e-14


@both
def test_equal_embeddings_of_a_collapsed_student_give_finite_gradients(loss: Callable[..., Tensor]) -> None:
    student, teacher = torch.ones(7, 5, requires_grad=True), torch.randn(7, 5)
    value = loss(student, teacher)
    value.backward()
    assert value > 0
    assert student.grad is not None
    assert torch.isfinite(student.grad).all()


def test_equal_embeddings_count_as_equally_far_apart() -> None:
    # The source clamps squared distances from below, so a collapsed batch scales to distance 1 for every pair.
    teacher = torch.randn(7, 5, dtype=torch.float64)
    simplex, collapsed = torch.eye(7, dtype=torch.float64), torch.ones(7, 5, dtype=torch.float64)
    torch.testing.assert_close(rkd_distance_loss(collapsed, teacher), rkd_distance_loss(simplex, teacher))


@both
def test_a_single_row_has_no_relation(loss: Callable[..., Tensor]) -> None:
    student = torch.randn(1, 5, requires_grad=True)
    value = loss(student, torch.randn(1, 5))
    value.backward()
    assert value == 0
    assert student.grad is not None
    assert not student.grad.any()


@both
def test_tokens_are_refused(loss: Callable[..., Tensor]) -> None:
    tokens = torch.zeros(4, 3, 5)
    with pytest.raises(ValueError, match=r"^expected student \[B, Ds\] and teacher \[B, Dt\] with the same B, found"):
        loss(tokens, tokens)


def test_a_right_angle_instead_of_a_straight_one_costs_what_the_formula_says() -> None:
    # In a straight line the cosines at the three corners are 1, -1, 1; in this triangle 0.8, 0, 0.6.
    line = torch.tensor([[0.0, 0.0], [3.0, 0.0], [7.0, 0.0]], dtype=torch.float64)
    triangle = torch.tensor([[0.0, 4.0], [0.0, 0.0], [3.0, 0.0]], dtype=torch.float64)
    differences = torch.tensor([1 - 0.8, -1 - 0.0, 1 - 0.6], dtype=torch.float64)
    expected = 2 * torch.nn.functional.smooth_l1_loss(differences, torch.zeros(3).double(), reduction="sum") / 27
    torch.testing.assert_close(rkd_angle_loss(line, triangle), expected)


def test_scaled_distances_cost_what_the_formula_says() -> None:
    # Distances 3, 4, 7 over their mean 14/3 against 1, 1, 2 over 4/3.
    ours, theirs = torch.tensor([[0.0], [3.0], [7.0]]).double(), torch.tensor([[0.0], [1.0], [2.0]]).double()
    differences = [9 / 14 - 3 / 4, 12 / 14 - 3 / 4, 0.0]
    expected = 2 * sum(d * d / 2 for d in differences) / 9
    assert rkd_distance_loss(ours, theirs).item() == pytest.approx(expected, rel=1e-12)


def test_drawn_corners_are_right_on_average() -> None:
    # Two corners of four can be drawn in six ways; each occurs, and their mean is the loss of all corners.
    student, teacher = torch.randn(2, 4, 5, dtype=torch.float64)
    draws = [
        rkd_angle_loss(student, teacher, anchors=2, generator=torch.Generator().manual_seed(seed))
        for seed in range(200)
    ]
    values, counts = torch.stack(draws).round(decimals=12).unique(return_counts=True)
    assert len(values) == 6
    assert counts.min() > 15
    torch.testing.assert_close(values.mean(), rkd_angle_loss(student, teacher), rtol=1e-9, atol=0)


def test_as_many_corners_as_rows_are_all_of_them() -> None:
    student, teacher = torch.randn(2, 6, 5, dtype=torch.float64)
    for anchors in (6, 7):
        assert rkd_angle_loss(student, teacher, anchors=anchors).equal(rkd_angle_loss(student, teacher))


def test_corners_are_drawn_anew_at_each_call_and_repeat_with_the_seed() -> None:
    student, teacher = torch.randn(2, 16, 5, dtype=torch.float64)
    loss = RKDAngleLoss(anchors=3, generator=torch.Generator().manual_seed(5))
    first, second = loss(student, teacher), loss(student, teacher)
    assert first != second
    loss.generator = torch.Generator().manual_seed(5)
    assert loss(student, teacher) == first
    torch.manual_seed(5)
    assert rkd_angle_loss(student, teacher, anchors=3) == first


def test_a_masked_row_is_no_corner() -> None:
    student, teacher = torch.randn(2, 8, 5, dtype=torch.float64)
    mask = torch.arange(8) % 3 != 1
    expected = rkd_angle_loss(student[mask], teacher[mask], anchors=2, generator=torch.Generator().manual_seed(1))
    student[~mask] = torch.nan
    found = rkd_angle_loss(student, teacher, anchors=2, generator=torch.Generator().manual_seed(1), mask=mask)
    torch.testing.assert_close(found, expected)


def test_no_corner_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^expected anchors > 0, found 0$"):
        rkd_angle_loss(torch.zeros(4, 5), torch.zeros(4, 5), anchors=0)
