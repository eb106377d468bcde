"""MMD: sets, not pairs; and what the bandwidth does."""

import pytest
import torch

from xmodal.losses import mmd_loss


def test_which_row_belongs_to_which_does_not_matter() -> None:
    student, teacher = torch.randn(2, 6, 4, dtype=torch.float64)
    torch.testing.assert_close(mmd_loss(student, teacher.roll(2, dims=0)), mmd_loss(student, teacher))
    assert mmd_loss(teacher.flip(0), teacher).abs() < 1e-12


def test_turning_moving_and_scaling_both_sets_changes_nothing() -> None:
    student, teacher = torch.randn(2, 6, 4, dtype=torch.float64)
    turn = torch.linalg.qr(torch.randn(4, 4, dtype=torch.float64)).Q
    torch.testing.assert_close(mmd_loss(5 * student @ turn + 1, 5 * teacher @ turn + 1), mmd_loss(student, teacher))


def test_sets_far_apart_cost_what_they_cost_without_the_other() -> None:
    teacher = torch.zeros(6, 4, dtype=torch.float64)
    assert mmd_loss(teacher + 1e3, teacher, bandwidth=1.0).item() == pytest.approx(2)


def test_the_bandwidth_is_the_median_of_all_pairs() -> None:
    # Squared distances 1, 4, 9 (to the teacher's 3), 1, 4 and 1 between 0, 1 and 2, 3: the lower median is 1.
    student, teacher = torch.tensor([[0.0], [1.0]]).double(), torch.tensor([[2.0], [3.0]]).double()
    torch.testing.assert_close(mmd_loss(student, teacher), mmd_loss(student, teacher, bandwidth=1.0))


def test_the_mean_over_scales_is_the_mean_of_one_scale_each() -> None:
    student, teacher = torch.randn(2, 6, 4, dtype=torch.float64)
    alone = torch.stack([mmd_loss(student, teacher, scales=(scale,)) for scale in (0.5, 3.0)]).mean()
    torch.testing.assert_close(mmd_loss(student, teacher, scales=(0.5, 3.0)), alone)


def test_training_moves_a_set_onto_the_other() -> None:
    generator = torch.Generator().manual_seed(0)
    teacher = torch.randn(32, 2, generator=generator) + 3
    student, offset = torch.randn(32, 2, generator=generator), torch.zeros(2, requires_grad=True)
    optimiser = torch.optim.Adam([offset], lr=0.1)
    for _ in range(100):
        optimiser.zero_grad()
        mmd_loss(student + offset, teacher).backward()
        optimiser.step()
    assert ((student + offset).detach().mean(0) - teacher.mean(0)).abs().max() < 0.3


def test_equal_rows_everywhere_give_zero_and_a_finite_gradient() -> None:
    student = torch.full((6, 4), 0.3, requires_grad=True)
    loss = mmd_loss(student, torch.full((6, 4), 0.3))
    loss.backward()
    assert loss == 0
    assert student.grad is not None
    assert not student.grad.any()


def test_a_large_common_offset_costs_no_digits() -> None:
    student, teacher = (torch.randn(2, 16, 8) * 256).round() / 256
    torch.testing.assert_close(mmd_loss(student + 1000, teacher + 1000), mmd_loss(student, teacher), rtol=1e-4, atol=0)


@pytest.mark.parametrize(("options", "name"), [({"bandwidth": 0.0}, "bandwidth"), ({"scales": (1.0, 0.0)}, "scale")])
def test_scales_and_bandwidth_must_be_positive(options: dict[str, object], name: str) -> None:
    with pytest.raises(ValueError, match=rf"^expected {name} > 0, found 0.0$"):
        mmd_loss(torch.zeros(4, 2), torch.zeros(4, 2), **options)  # type: ignore[arg-type]
