"""NST: channels are sets of directions."""

import pytest
import torch
from torch.nn import functional as F

from xmodal.losses import nst_loss


def test_order_sign_and_scale_of_channels_do_not_matter() -> None:
    student, teacher = torch.randn(2, 4, 3, 5, 6, dtype=torch.float64)
    factors = torch.tensor([2.0, -1.0, 0.1], dtype=torch.float64).reshape(3, 1, 1)
    changed = nst_loss(factors * student[:, [2, 0, 1]], teacher * factors)
    torch.testing.assert_close(changed, nst_loss(student, teacher))


def test_every_channel_twice_is_the_same_set() -> None:
    teacher = torch.randn(4, 3, 5, 6, dtype=torch.float64)
    assert nst_loss(torch.cat([teacher, teacher], dim=1), teacher).abs() < 1e-12


def test_the_same_shuffling_of_places_changes_nothing() -> None:
    student, teacher = torch.randn(2, 4, 3, 5, 6, dtype=torch.float64)
    torch.testing.assert_close(nst_loss(student.flip(2, 3), teacher.flip(2, 3)), nst_loss(student, teacher))


def test_channels_at_two_different_places_cost_two() -> None:
    student, teacher = torch.zeros(2, 1, 1, 2, 2, dtype=torch.float64)
    student[..., 0, 0], teacher[..., 1, 1] = 3, 5
    assert nst_loss(student, teacher).item() == pytest.approx(2)


def test_the_larger_map_is_averaged_first() -> None:
    small, large = torch.randn(4, 3, 2, 3, dtype=torch.float64), torch.randn(4, 5, 4, 6, dtype=torch.float64)
    torch.testing.assert_close(nst_loss(small, large), nst_loss(small, F.avg_pool2d(large, 2)))
