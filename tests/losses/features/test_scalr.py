"""ScaLR: the unsquared distance, its gradient at equality, weights of pairs."""

import pytest
import torch

from xmodal.losses import cosine_loss, scalr_loss


def _pair(*shape: int) -> tuple[torch.Tensor, torch.Tensor]:
    student, teacher = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return student, teacher


def test_it_is_the_chord_of_the_angle() -> None:
    student, teacher = _pair(6, 5)
    chord = (2 * cosine_loss(student, teacher, reduction="none")).sqrt()
    torch.testing.assert_close(scalr_loss(student, teacher, reduction="none"), chord)


@pytest.mark.parametrize(("factor", "expected"), [(3.0, 0.0), (0.0, 1.0), (-3.0, 2.0)])
def test_same_none_and_opposite_direction_give_zero_one_and_two(factor: float, expected: float) -> None:
    teacher = torch.randn(4, 5, dtype=torch.float64)
    assert scalr_loss(factor * teacher, teacher).item() == pytest.approx(expected, abs=1e-12)


def test_at_equality_the_gradient_is_zero_and_close_to_it_it_keeps_its_size() -> None:
    _, teacher = _pair(6, 5)
    sizes = []
    for distance in (0.0, 1e-6, 1e-3):
        student = (teacher + distance * teacher.roll(1, 1)).requires_grad_()
        scalr_loss(student, teacher).backward()
        assert student.grad is not None
        sizes.append(student.grad.norm().item())
    assert sizes[0] == 0
    assert sizes[1] == pytest.approx(sizes[2], rel=1e-2)
    assert 0 < sizes[1] < 10


def test_a_pair_of_weight_two_counts_as_two_pairs() -> None:
    student, teacher = _pair(3, 5)
    twice = torch.tensor([0, 1, 1, 2])
    weighted = scalr_loss(student, teacher, weight=torch.tensor([1, 2, 1]))
    torch.testing.assert_close(weighted, scalr_loss(student[twice], teacher[twice]))


def test_equal_weights_of_any_size_change_nothing_and_weights_get_no_gradient() -> None:
    student, teacher = _pair(3, 5)
    weight = torch.full((3,), 0.01, dtype=torch.float64, requires_grad=True)
    loss = scalr_loss(student.requires_grad_(), teacher, weight=weight)
    torch.testing.assert_close(loss, scalr_loss(student, teacher))
    loss.backward()
    assert weight.grad is None


def test_weights_that_are_all_zero_give_zero_and_no_gradient() -> None:
    student, teacher = _pair(3, 5)
    loss = scalr_loss(student.requires_grad_(), teacher, weight=torch.zeros(3))
    loss.backward()
    assert loss == 0
    assert student.grad is not None
    assert not student.grad.any()


def test_a_weight_that_does_not_fit_is_named() -> None:
    with pytest.raises(ValueError, match=r"^expected weight \[3\], found \[3, 1\]$"):
        scalr_loss(*_pair(3, 5), weight=torch.ones(3, 1))
