"""The committee's target: a distribution, its order of operations, and losses that it is the optimum of."""

import pytest
import torch
from torch.nn import functional as F

from xmodal.losses import committee_target, soft_label_loss


def _teachers() -> torch.Tensor:
    return torch.randn(3, 4, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_it_is_a_distribution_with_a_floor() -> None:
    target = committee_target(10 * _teachers(), smoothing=0.3)
    torch.testing.assert_close(target.sum(-1), torch.ones(4, dtype=torch.float64))
    assert target.min() >= 0.3 / 6


def test_one_teacher_at_temperature_one_without_smoothing_is_its_softmax() -> None:
    teacher = _teachers()[:1]
    target = committee_target(teacher, temperature=1.0, smoothing=0.0)
    torch.testing.assert_close(target, teacher[0].softmax(-1))


def test_sharpening_comes_first_and_smoothing_last() -> None:
    teachers = 3 * _teachers()
    smooth = 0.7 * teachers.mean(0).softmax(-1) + 0.3 / 6
    other_order = (smooth.log() / 0.25).softmax(-1)
    target = committee_target(teachers, temperature=0.25, smoothing=0.3)
    assert other_order.min() < 0.3 / 6 / 2 < target.min()
    expected = 0.7 * (teachers.mean(0) / 0.25).softmax(-1) + 0.3 / 6
    torch.testing.assert_close(target, expected)


def test_logits_are_averaged_not_probabilities() -> None:
    teachers = torch.tensor([[[8.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]]])
    target = committee_target(teachers, temperature=1.0, smoothing=0.0)
    assert target[0, 0] > 0.9  # the mean of the two softmax would give 0.6


def test_order_of_teachers_and_their_constants_do_not_matter() -> None:
    teachers = _teachers()
    torch.testing.assert_close(committee_target(teachers.flip(0)), committee_target(teachers))
    torch.testing.assert_close(committee_target(teachers + torch.randn(3, 4, 1)), committee_target(teachers))


def test_full_smoothing_is_uniform_and_a_low_temperature_one_class() -> None:
    teachers = _teachers()
    torch.testing.assert_close(committee_target(teachers, smoothing=1.0), torch.full((4, 6), 1 / 6).double())
    hard = F.one_hot(teachers.mean(0).argmax(-1), 6).double()
    torch.testing.assert_close(committee_target(teachers, temperature=1e-3, smoothing=0.0), hard)


def test_soft_label_loss_on_its_logarithm_is_its_cross_entropy() -> None:
    student, target = torch.randn(4, 6, dtype=torch.float64), committee_target(_teachers())
    torch.testing.assert_close(soft_label_loss(student, target.log()), F.cross_entropy(student, target))


def test_tokens_half_precision_and_gradients() -> None:
    teachers = torch.randn(3, 4, 5, 6).bfloat16().requires_grad_()
    target = committee_target(teachers)
    assert target.shape == (4, 5, 6)
    assert target.dtype == torch.float32
    assert not target.requires_grad
    torch.testing.assert_close(target, committee_target(teachers.float()))


@pytest.mark.parametrize("shape", [(4, 6), (0, 4, 6), (2, 3, 4, 5, 6)])
def test_a_wrong_shape_is_named(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"^expected logits \[K, B, C\] or .*, found \["):
        committee_target(torch.zeros(shape))


def test_wrong_hyperparameters_are_named() -> None:
    with pytest.raises(ValueError, match=r"^expected temperature > 0, found 0$"):
        committee_target(_teachers(), temperature=0)
    with pytest.raises(ValueError, match=r"^expected smoothing in \[0, 1\], found 1.1$"):
        committee_target(_teachers(), smoothing=1.1)
