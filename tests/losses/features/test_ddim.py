"""The noise schedule of DiffKD: its levels, its ends, and that it undoes what it did."""

import pytest
import torch

from xmodal.losses.features._ddim import DDIM


def test_both_spans_end_at_the_lowest_level() -> None:
    assert DDIM().levels == (400, 300, 200, 100, 0)
    assert DDIM(span="whole").levels == (800, 600, 400, 200, 0)
    assert DDIM(steps=2, span="whole").levels == (500, 0)


def test_the_lowest_level_is_almost_clean_and_the_highest_almost_noise() -> None:
    clean, noise = torch.randn(2, 3, 4, 1, 1)
    lowest = DDIM().add_noise(clean, noise, torch.zeros(3, dtype=torch.long))
    torch.testing.assert_close(lowest, clean, rtol=0, atol=0.05)
    highest = DDIM().add_noise(clean, noise, torch.full((3,), 999))
    torch.testing.assert_close(highest, noise, rtol=0, atol=0.05)


@pytest.mark.parametrize("span", ["lower_half", "whole"])
def test_with_the_true_noise_the_clean_feature_comes_back(span: str) -> None:
    clean, noise = torch.randn(2, 3, 4, 2, 2, dtype=torch.float64)
    ddim = DDIM(span=span)
    noisy = ddim.add_noise(clean, noise, torch.full((3,), ddim.levels[0]))
    seen: list[int] = []

    def predict(x: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
        seen.append(int(levels[0]))
        return noise

    torch.testing.assert_close(ddim.denoise(noisy, predict), clean)
    assert tuple(seen) == ddim.levels


def test_noise_keeps_the_variance() -> None:
    clean, noise = torch.randn(2, 4, 1000, 5, 1)
    mixed = DDIM().add_noise(clean, noise, torch.tensor([0, 300, 600, 999]))
    torch.testing.assert_close(mixed.flatten(1).var(1), torch.ones(4), rtol=0, atol=0.1)
