"""Occupancy diffusion: the two terms, and their relation when one prediction follows from the other."""

import pytest
import torch

from xmodal.losses import hint_loss, occupancy_loss


def test_right_predictions_give_zero() -> None:
    noise, occupancy = torch.randn(2, 1, 3, 4), torch.randint(2, (2, 1, 3, 4)).float()
    assert occupancy_loss(noise, noise, occupancy, occupancy) == 0


def test_occupancy_from_the_predicted_noise_repeats_the_first_term() -> None:
    noise, predicted = torch.randn(2, 3, 1, 4, 4, dtype=torch.float64)
    occupancy = torch.randint(2, (3, 1, 4, 4)).double()
    a = 0.3
    seen = a**0.5 * occupancy + (1 - a) ** 0.5 * noise
    cleaned = (seen - (1 - a) ** 0.5 * predicted) / a**0.5
    loss = occupancy_loss(predicted, noise, cleaned, occupancy, occupancy_weight=2.0)
    torch.testing.assert_close(loss, (1 + 2 * (1 - a) / a) * hint_loss(predicted, noise))


def test_both_predictions_get_gradients_and_both_targets_none() -> None:
    tensors = [torch.randn(2, 1, 3, 4, requires_grad=True) for _ in range(4)]
    occupancy_loss(*tensors).backward()
    assert [x.grad is not None for x in tensors] == [True, False, True, False]


def test_nan_of_masked_samples_stays_where_it_is() -> None:
    tensors = list(torch.randn(4, 3, 1, 2, 2))
    mask = torch.tensor([True, False, True])
    kept = occupancy_loss(*(x[mask] for x in tensors))
    for x in tensors:
        x[1] = torch.nan
    torch.testing.assert_close(occupancy_loss(*tensors, mask=mask), kept)


def test_shapes_that_do_not_fit_are_named() -> None:
    with pytest.raises(ValueError, match=r"^expected occupancy \[2, 1, 3, 4\], found \[2, 3, 4\]$"):
        occupancy_loss(*(torch.zeros(2, 1, 3, 4) for _ in range(3)), torch.zeros(2, 3, 4))
