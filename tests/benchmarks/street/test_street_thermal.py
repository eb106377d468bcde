"""The simulated thermal camera: what is warm, what is cold, and when."""

import numpy as np
import pytest

from xmodal.benchmarks.street.scene import Scene, make_scene
from xmodal.benchmarks.street.spec import CAR, PEDESTRIAN, ROAD, SKY, VEGETATION
from xmodal.benchmarks.street.thermal import thermal_image


@pytest.fixture(scope="module")
def scenes() -> dict[str, list[Scene]]:
    by_condition: dict[str, list[Scene]] = {}
    for i in range(24):
        scene = make_scene(9, i, sensors=("raster/thermal",))
        by_condition.setdefault(scene.condition, []).append(scene)
    return by_condition


def medians(scenes: list[Scene], label: int) -> list[float]:
    """Of the scenes in which the class covers some pixels: its median temperature."""
    pixels = [s.thermal_c[0][s.pixel_class == label] for s in scenes]
    return [float(np.median(p)) for p in pixels if len(p) > 20]


def test_shape_and_range(scenes: dict[str, list[Scene]]) -> None:
    for scene in (s for group in scenes.values() for s in group):
        assert (scene.thermal_c.shape, scene.thermal_c.dtype) == ((1, 64, 192), np.float32)
        assert np.isfinite(scene.thermal_c).all()
        assert -60 < scene.thermal_c.min() < scene.thermal_c.max() < 75


def test_people_are_warmer_than_the_road_by_night(scenes: dict[str, list[Scene]]) -> None:
    both = [(medians([s], PEDESTRIAN), medians([s], ROAD)) for s in scenes["night"]]
    gaps = [people[0] - road[0] for people, road in both if people and road]
    assert len(gaps) >= 2
    assert min(gaps) > 1
    assert np.mean(gaps) > 4


def test_the_sun_heats_the_road_above_the_leaves(scenes: dict[str, list[Scene]]) -> None:
    road, leaves = np.mean(medians(scenes["day"], ROAD)), np.mean(medians(scenes["day"], VEGETATION))
    assert road > leaves + 5
    assert np.mean(medians(scenes["night"], ROAD)) - np.mean(medians(scenes["night"], VEGETATION)) < 5


def test_a_clear_sky_is_the_coldest_and_fog_hides_it(scenes: dict[str, list[Scene]]) -> None:
    for scene in (*scenes["day"], *scenes["night"]):
        overhead = scene.thermal_c[0, :8][scene.pixel_class[:8] == SKY]
        if len(overhead) > 50:
            assert np.median(overhead) < np.median(scene.thermal_c[0][scene.pixel_class == ROAD]) - 10
    gap = [np.ptp([m for c in (SKY, VEGETATION) for m in medians([s], c)]) for s in scenes["fog"]]
    assert np.median(gap) < 8


def test_some_cars_have_warm_engines_at_night(scenes: dict[str, list[Scene]]) -> None:
    cars = np.concatenate([s.thermal_c[0][s.pixel_class == CAR] - np.median(s.thermal_c) for s in scenes["night"]])
    assert 0.01 < (cars > 8).mean() < 0.5


def test_the_sensor_adds_noise_of_a_tenth_of_a_degree() -> None:
    flat = thermal_image(np.full((64, 192), 20, dtype=np.float32), np.random.default_rng(0))
    assert flat.mean() == pytest.approx(20, abs=0.05)
    assert 0.08 < flat.std() < 0.25


def test_the_same_arguments_give_the_same_picture_and_leave_the_others_alone() -> None:
    a, b = (make_scene(3, 7, sensors=("raster/thermal", "radar")) for _ in range(2))
    alone, plain = make_scene(3, 7, sensors=("raster/thermal",)), make_scene(3, 7)
    np.testing.assert_array_equal(a.thermal_c, b.thermal_c)
    np.testing.assert_array_equal(a.thermal_c, alone.thermal_c)
    np.testing.assert_array_equal(a.image, plain.image)
    assert plain.thermal_c is None
