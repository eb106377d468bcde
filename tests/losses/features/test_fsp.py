"""FSP: flow matrices between two layers."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.losses import FSPLoss, fsp_loss


def _layers() -> tuple[Tensor, Tensor]:
    return torch.randn(4, 3, 4, 6, dtype=torch.float64), torch.randn(4, 5, 2, 3, dtype=torch.float64)


def test_equal_layers_give_zero_and_other_ones_do_not() -> None:
    first, later = _layers()
    assert fsp_loss(first, first, student_next=later, teacher_next=later) == 0
    assert fsp_loss(first, first.roll(1, 0), student_next=later, teacher_next=later) > 0.01
    assert fsp_loss(first, first, student_next=later, teacher_next=later.roll(1, 0)) > 0.01


def test_moving_all_places_of_one_model_changes_nothing() -> None:
    first, later = torch.randn(4, 3, 4, 6), torch.randn(4, 5, 4, 6)
    moved = fsp_loss(first, first.flip(2), student_next=later, teacher_next=later.flip(2))
    assert moved < 1e-12


def test_a_factor_may_sit_in_either_layer() -> None:
    first, later = _layers()
    teacher, teacher_next = _layers()
    loss = fsp_loss(first, teacher, student_next=later, teacher_next=teacher_next)
    torch.testing.assert_close(fsp_loss(8 * first, teacher, student_next=later / 8, teacher_next=teacher_next), loss)


def test_the_larger_layer_is_averaged_and_the_models_may_differ_in_size() -> None:
    first, later = _layers()
    small = fsp_loss(first, F.avg_pool2d(first, 2), student_next=later, teacher_next=later)
    assert small < 1e-12


def test_both_layers_of_the_student_learn_and_none_of_the_teacher() -> None:
    student, student_next, teacher, teacher_next = (x.requires_grad_() for x in (*_layers(), *_layers()))
    FSPLoss()(student, teacher, student_next=student_next, teacher_next=teacher_next).backward()
    assert student.grad is not None
    assert student_next.grad is not None
    assert teacher.grad is None
    assert teacher_next.grad is None
    assert torch.autograd.gradcheck(
        lambda x, y: fsp_loss(x, teacher, student_next=y, teacher_next=teacher_next), (student, student_next)
    )


def test_nan_in_a_masked_sample_of_a_later_layer_does_no_harm() -> None:
    first, later = _layers()
    teacher, teacher_next = _layers()
    mask = torch.tensor([True, False, True, True])
    expected = fsp_loss(first[mask], teacher[mask], student_next=later[mask], teacher_next=teacher_next[mask])
    later[1] = teacher_next[1] = torch.nan
    torch.testing.assert_close(
        fsp_loss(first, teacher, student_next=later, teacher_next=teacher_next, mask=mask), expected
    )


def test_layers_that_do_not_fit_are_named() -> None:
    first, later = _layers()
    with pytest.raises(ValueError, match=r"same B and C, found student \[4, 5, 2, 3\] and teacher \[4, 4, 2, 3\]$"):
        fsp_loss(first, first, student_next=later, teacher_next=later[:, :4])
    with pytest.raises(ValueError, match=r"^expected student_next \[B, ...\] with B = 4, found \[3, 5, 2, 3\]$"):
        fsp_loss(first, first, student_next=later[:3], teacher_next=later[:3])
