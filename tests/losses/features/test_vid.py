"""VID: the Gaussian of the pure loss, and the module that predicts its mean and learns its variance."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from xmodal.losses import VIDLoss, vid_loss


def test_it_is_the_gaussian_likelihood_but_for_a_constant() -> None:
    student, teacher = torch.randn(2, 4, 3, 5, 6, dtype=torch.float64)
    variance = torch.tensor([0.3, 1.0, 4.0], dtype=torch.float64)
    deviation = variance.sqrt().reshape(3, 1, 1)
    expected = -torch.distributions.Normal(student, deviation).log_prob(teacher).mean() - math.log(2 * math.pi) / 2
    torch.testing.assert_close(vid_loss(student, teacher, variance=variance), expected)


def test_the_best_variance_is_the_mean_squared_error_of_the_channel() -> None:
    student, teacher = torch.randn(2, 50, 3, dtype=torch.float64)
    best = (student - teacher).square().mean(0).requires_grad_()
    vid_loss(student, teacher, variance=best).backward()
    assert best.grad is not None
    assert best.grad.abs().max() < 1e-12


def test_a_variance_that_does_not_fit_is_named() -> None:
    with pytest.raises(ValueError, match=r"^expected variance \[3\], found \[4\]$"):
        vid_loss(torch.zeros(2, 3), torch.zeros(2, 3), variance=torch.ones(4))


def test_the_module_starts_at_its_variance_and_its_sum_of_parameters_is_the_sources() -> None:
    module = VIDLoss(3, 5, hidden=4)
    torch.testing.assert_close(module.variance(), torch.full((5,), 5.0))
    assert sum(p.numel() for p in module.parameters()) == 3 * 4 + 4 * 4 + 4 * 5 + 5
    torch.testing.assert_close(VIDLoss(3, 5, variance=0.2).variance(), torch.full((5,), 0.2))


def test_the_module_is_the_loss_of_three_convolutions() -> None:
    module = VIDLoss(3, 5)
    student, teacher = torch.randn(4, 3, 2, 6), torch.randn(4, 5, 2, 6)
    x = student
    for layer in module.regressor:
        x = F.conv2d(x, layer.weight) if isinstance(layer, nn.Conv2d) else x.relu()
    torch.testing.assert_close(module(student, teacher), vid_loss(x, teacher, variance=torch.full((5,), 5.0)))


def test_vectors_are_maps_of_one_place() -> None:
    module = VIDLoss(3, 5)
    student, teacher = torch.randn(4, 3), torch.randn(4, 5)
    torch.testing.assert_close(module(student, teacher), module(student[..., None, None], teacher[..., None, None]))


def test_the_larger_map_is_averaged_first() -> None:
    module = VIDLoss(3, 5)
    student, teacher = torch.randn(4, 3, 4, 6), torch.randn(4, 5, 2, 3)
    torch.testing.assert_close(module(student, teacher), module(F.avg_pool2d(student, 2), teacher))


def test_training_finds_the_noise_of_each_channel() -> None:
    generator = torch.Generator().manual_seed(0)
    student = torch.randn(512, 2, generator=generator)
    noise = torch.tensor([0.1, 1.0])
    teacher = student + noise * torch.randn(512, 2, generator=generator)
    torch.manual_seed(0)
    module = VIDLoss(2, 2, hidden=16)
    optimiser = torch.optim.Adam(module.parameters(), lr=0.03)
    for _ in range(200):
        optimiser.zero_grad()
        module(student, teacher).backward()
        optimiser.step()
    small, large = module.variance().tolist()
    assert small < 0.1
    assert 0.7 < large < 1.3


def test_masked_samples_change_neither_value_nor_gradients() -> None:
    module = VIDLoss(3, 5, reduction="none")
    student, teacher = torch.randn(4, 3, 2, 2), torch.randn(4, 5, 2, 2)
    mask = torch.tensor([True, False, True, True])
    removed = module(student[mask], teacher[mask])
    expected = torch.autograd.grad(removed.sum(), list(module.parameters()))
    student[1] = teacher[1] = torch.nan
    masked = module(student, teacher, mask=mask)
    torch.testing.assert_close(masked[mask], removed)
    assert masked[1] == 0
    torch.testing.assert_close(torch.autograd.grad(masked.sum(), list(module.parameters())), expected)


def test_half_precision_features_and_autocast_give_float32() -> None:
    module = VIDLoss(3, 5)
    student, teacher = torch.randn(4, 3, 2, 2), torch.randn(4, 5, 2, 2)
    assert module(student.bfloat16(), teacher.bfloat16()).dtype == torch.float32
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert module(student, teacher).dtype == torch.float32


def test_the_state_holds_the_variance() -> None:
    module, other = VIDLoss(3, 5), VIDLoss(3, 5, variance=1.0)
    other.load_state_dict(module.state_dict())
    student, teacher = torch.randn(4, 3), torch.randn(4, 5)
    assert torch.equal(module(student, teacher), other(student, teacher))


def test_features_that_do_not_fit_and_a_variance_below_the_least_are_named() -> None:
    with pytest.raises(ValueError, match=r"found student \[4, 5\] and teacher \[4, 6\]$"):
        VIDLoss(3, 5)(torch.zeros(4, 3), torch.zeros(4, 6))
    with pytest.raises(ValueError, match=r"^expected variance - 1e-05 > 0, found"):
        VIDLoss(3, 5, variance=1e-6)
