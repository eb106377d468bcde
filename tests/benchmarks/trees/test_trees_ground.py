"""Heights above the ground: slopes, missing classes, outliers."""

import numpy as np
import pytest

from xmodal.benchmarks.trees.ground import height_above_ground
from xmodal.modalities.lidar.las import LasPoints


def _points(z: np.ndarray, xy: np.ndarray, classification: np.ndarray) -> LasPoints:
    n = len(z)
    xyz = np.column_stack([xy + np.array([542000.0, 4135000.0]), z + 1000.0])
    return LasPoints(xyz, np.ones(n, np.float32), np.ones(n, int), np.ones(n, int), classification)


def _slope(n: int, rise: float, with_classes: bool) -> LasPoints:
    """Ground that rises along x, with points 0 to 15 m above it over half the plot."""
    rng = np.random.default_rng(0)
    xy = rng.uniform(0, 20, (2 * n, 2))
    above = np.r_[np.zeros(n), rng.uniform(1, 15, n)]
    classification = np.repeat([2, 5] if with_classes else [1, 1], n)
    return _points(rise * xy[:, 0] + above, xy, classification)


@pytest.mark.parametrize("rise", [0.0, 0.5])
def test_a_slope_is_taken_off(rise: float) -> None:
    points = _slope(1000, rise, with_classes=True)
    height, keep = height_above_ground(points)
    np.testing.assert_allclose(height[:1000], 0, atol=0.01)
    assert keep.all()
    assert height[1000:].max() == pytest.approx(15, abs=0.1)


def test_without_classes_the_lowest_points_of_cells_are_the_ground() -> None:
    height, _ = height_above_ground(_slope(1000, 0.3, with_classes=False))
    assert np.abs(height[:1000]).mean() < 0.5


def test_a_hollow_in_the_ground_is_followed_in_part_a_plane_would_miss_it() -> None:
    xy = np.random.default_rng(0).uniform(0, 20, (4000, 2))
    hollow = -2 * np.exp(-((xy - 10) ** 2).sum(1) / 50)
    points = _points(hollow, xy, np.full(4000, 2))
    height, _ = height_above_ground(points)
    assert np.abs(height).max() < 0.5
    assert np.abs(hollow - hollow.mean()).max() > 1


def test_noise_and_impossible_heights_are_not_believed() -> None:
    points = _slope(1000, 0.1, with_classes=True)
    points.xyz_m[1000:1004, 2] += [150, -150, 0, 0]
    points.classification[1002:1004] = [7, 18]
    _, keep = height_above_ground(points)
    assert keep.sum() == 2000 - 4
    assert not keep[1000:1004].any()


def test_a_corner_without_ground_points_has_finite_heights() -> None:
    points = _slope(1000, 0.1, with_classes=True)
    far = (points.xyz_m[:, :2] - points.xyz_m[:, :2].min(0) < 12).all(1) & (points.classification == 2)
    points.classification[far] = 1
    height, _ = height_above_ground(points)
    assert np.abs(height[:1000]).max() < 0.1


def test_one_point_stands_on_itself() -> None:
    height, keep = height_above_ground(_points(np.zeros(1), np.zeros((1, 2)), np.array([1])))
    assert height.tolist() == pytest.approx([0.0])
    assert keep.all()


def test_far_from_all_ground_the_plane_goes_on() -> None:
    xy = np.array([[x, y] for x in (0.0, 1, 2, 3, 4) for y in (0.0, 1, 2, 3, 4)] + [[300.0, 0.0]])
    height, _ = height_above_ground(_points(0.1 * xy[:, 0], xy, np.array([2] * 25 + [5])))
    np.testing.assert_allclose(height, 0, atol=1e-6)
