"""Building blocks of the phantom against what geometry and statistics say of them."""

import numpy as np
import pytest

from xmodal.benchmarks.phantom.fields import blur, both_sides, bump, ellipsoid, share, smooth_noise
from xmodal.benchmarks.phantom.spec import SHAPE, VOXEL_MM, affine, places_mm


def test_depth_below_a_sphere_is_the_distance_to_it() -> None:
    at = np.array([[12, 0, 0], [0, 25, 0], [6, 8, 0]], dtype=np.float32).T
    np.testing.assert_allclose(ellipsoid(at, (0, 0, 0), (20, 20, 20)), [8, -5, 10], atol=1e-4)


def test_depth_is_exact_close_to_the_ends_of_an_ellipsoid() -> None:
    at = np.array([[1 + 9, 2, 3], [1, 2 + 31, 3], [1, 2, 3 - 14]], dtype=np.float32).T
    np.testing.assert_allclose(ellipsoid(at, (1, 2, 3), (10, 30, 15)), [1, -1, 1], atol=0.15)


def test_both_sides_are_mirror_images() -> None:
    at = places_mm()
    depth = both_sides(at, (30, -10, -20), (8, 20, 8))
    np.testing.assert_allclose(depth, depth[..., ::-1], atol=1e-4)
    assert bump(at, (30, -10, -20), (8, 20, 8)).max() <= 1


def test_the_shares_of_a_sphere_add_up_to_its_volume() -> None:
    filled = share(ellipsoid(places_mm(), (3, -5, 2), (30, 30, 30))).sum() * VOXEL_MM**3
    assert filled == pytest.approx(4 / 3 * np.pi * 30**3, rel=0.02)


def test_smooth_noise_has_variance_one_and_is_smooth() -> None:
    fields = smooth_noise(np.random.default_rng(0), 200)
    assert fields.var() == pytest.approx(1, rel=0.05)
    step = np.diff(fields, axis=3)
    assert step.var() < 0.1  # of 2, were neighbours independent


def test_blur_has_the_width_that_it_is_given_and_loses_nothing() -> None:
    point = np.zeros(SHAPE, dtype=np.float32)
    point[12, 16, 14] = 1
    seen = blur(point, 16.0)
    assert seen.sum() == pytest.approx(1, rel=1e-3)
    place = (np.arange(SHAPE[1]) - 16) * VOXEL_MM
    profile = seen.sum((0, 2))
    assert np.sqrt((profile * place**2).sum()) * 2.3548 == pytest.approx(16, rel=0.02)


def test_the_affine_gives_the_places() -> None:
    z, y, x = 3, 20, 5
    mm = affine().numpy() @ [x, y, z, 1]
    np.testing.assert_allclose(mm[:3], places_mm()[:, z, y, x])
