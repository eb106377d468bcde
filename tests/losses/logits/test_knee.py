"""Kneedle on curves whose knee is known, and the sign under which it would find none."""

import math

import pytest
import torch

from xmodal.losses import knee


def _exponential(length: float, points: int = 101) -> torch.Tensor:
    return torch.exp(-torch.arange(points, dtype=torch.float64) / length)


@pytest.mark.parametrize("length", [3.0, 10.0, 30.0])
def test_the_knee_of_an_exponential_is_where_its_slope_is_that_of_the_chord(length: float) -> None:
    slope = (1 - math.exp(-100 / length)) / 100
    assert abs(knee(_exponential(length)).item() + length * math.log(length * slope)) <= 0.5


def test_the_opposite_sign_finds_index_0_on_every_convex_curve() -> None:
    curve = _exponential(10.0)
    height = (curve - curve[-1]) / (curve[0] - curve[-1])
    chord = torch.linspace(1, 0, 101, dtype=torch.float64)
    assert (height - chord).argmax() == 0
    assert knee(curve) == 23


def test_a_steeper_curve_has_an_earlier_knee() -> None:
    knees = knee(torch.stack([_exponential(length) for length in (2.0, 5.0, 10.0, 20.0)])).tolist()
    assert knees == sorted(set(knees))


def test_a_corner_is_found() -> None:
    curve = torch.tensor([10.0, 7.0, 4.0, 1.0, 0.9, 0.8, 0.7])
    assert knee(curve) == 3


def test_height_and_scale_do_not_matter() -> None:
    curve = _exponential(10.0)
    assert knee(5 * curve - 100) == knee(curve)


@pytest.mark.parametrize(
    "curve",
    [[2.0, 2.0, 2.0], [7.0], [5.0, 4.0, 3.0, 2.0], [1.0, 0.9, 0.7, 0.0], (torch.arange(257).flip(0) / 7).tolist()],
    ids=["flat", "one point", "straight", "first flat", "straight with rounding"],
)
def test_a_curve_without_a_knee_gives_0(curve: list[float]) -> None:
    assert knee(torch.tensor(curve)) == 0


def test_every_curve_of_a_batch_has_its_own() -> None:
    curves = torch.stack([_exponential(3.0), _exponential(30.0)]).expand(4, 2, 101)
    assert knee(curves).tolist() == [[knee(_exponential(3.0)).item(), knee(_exponential(30.0)).item()]] * 4
