"""HCL: which levels count, and with what weight."""

import pytest
import torch

from xmodal.losses import hcl_loss, hint_loss


def test_a_constant_difference_costs_its_square_whatever_the_levels() -> None:
    teacher = torch.randn(4, 3, 8, 8, dtype=torch.float64)
    assert hcl_loss(teacher + 3, teacher).item() == pytest.approx(9)
    assert hcl_loss(teacher + 3, teacher, levels=(2,)).item() == pytest.approx(9)


def test_a_difference_without_mean_counts_in_no_level() -> None:
    checkers = (torch.arange(8).unsqueeze(0) + torch.arange(8).unsqueeze(1)) % 2 * 2.0 - 1
    zero = torch.zeros(1, 1, 8, 8)
    assert hcl_loss(checkers.expand(1, 1, 8, 8), zero).item() == pytest.approx(1 / (1 + 1 / 2 + 1 / 4 + 1 / 8))


@pytest.mark.parametrize(("side", "levels"), [(4, (2, 1)), (3, (2, 1)), (2, (1,)), (1, ())])
def test_levels_not_smaller_than_the_map_leave_the_divisor_too(side: int, levels: tuple[int, ...]) -> None:
    student, teacher = torch.randn(2, 4, 3, side, side, dtype=torch.float64)
    torch.testing.assert_close(hcl_loss(student, teacher), hcl_loss(student, teacher, levels=levels))


def test_without_levels_it_is_the_mean_squared_difference() -> None:
    student, teacher = torch.randn(2, 4, 3, 5, 6, dtype=torch.float64)
    torch.testing.assert_close(hcl_loss(student, teacher, levels=()), hint_loss(student, teacher))


def test_a_level_must_be_positive() -> None:
    x = torch.zeros(2, 3, 4, 4)
    with pytest.raises(ValueError, match=r"^expected level > 0, found 0$"):
        hcl_loss(x, x, levels=(2, 0))
