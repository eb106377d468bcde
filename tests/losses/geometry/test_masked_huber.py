"""Masked Huber: units, validity, limits."""

import pytest
import torch
from torch.nn import functional as F

from xmodal.losses import masked_huber_loss

EVERYWHERE = torch.ones(2, 4, 5, dtype=torch.bool)


def _maps() -> torch.Tensor:
    return torch.randn(2, 2, 3, 4, 5, dtype=torch.float64)


def test_another_unit_of_a_map_and_its_scale_changes_nothing() -> None:
    student, teacher = _maps()
    unit = torch.tensor([100.0, 1.0, 0.01])[:, None, None]
    loss = masked_huber_loss(student, teacher, EVERYWHERE, scale=(0.3, 1.0, 2.0))
    other = masked_huber_loss(unit * student, unit * teacher, EVERYWHERE, scale=(30.0, 1.0, 0.02))
    torch.testing.assert_close(other, loss)


def test_small_differences_count_by_half_their_square_and_large_ones_by_delta() -> None:
    student, teacher = _maps()
    small = masked_huber_loss(student, teacher, EVERYWHERE, delta=1e3)
    torch.testing.assert_close(small, 3 * F.mse_loss(student, teacher) / 2)
    large = masked_huber_loss(student, teacher, EVERYWHERE, delta=1e-6)
    torch.testing.assert_close(large / 1e-6, 3 * F.l1_loss(student, teacher), rtol=1e-5, atol=0)


def test_maps_may_be_valid_in_different_cells_and_one_nowhere() -> None:
    student, teacher = _maps()
    valid = torch.zeros(2, 3, 4, 5, dtype=torch.bool)
    valid[0, 0, 1, 2] = valid[1, 2] = True
    expected = F.huber_loss(student[0, 0, 1, 2], teacher[0, 0, 1, 2]) + F.huber_loss(student[1, 2], teacher[1, 2])
    for x in (student, teacher):
        x[~valid] = torch.nan
    student.requires_grad_()
    loss = masked_huber_loss(student, teacher, valid)
    torch.testing.assert_close(loss, expected)
    (grad,) = torch.autograd.grad(loss, student)
    assert not grad[~valid].any()


def test_what_does_not_fit_is_named() -> None:
    student, teacher = _maps()
    with pytest.raises(ValueError, match=r"^expected 1 or 3 scales, found 2$"):
        masked_huber_loss(student, teacher, EVERYWHERE, scale=(1.0, 2.0))
    with pytest.raises(ValueError, match=r"^expected scale > 0, found 0$"):
        masked_huber_loss(student, teacher, EVERYWHERE, scale=(1.0, 2.0, 0))
    with pytest.raises(ValueError, match=r"^expected valid \[2, 3, 4, 5\], found \[2, 3, 4, 4\]$"):
        masked_huber_loss(student, teacher, EVERYWHERE[..., 1:])
