"""The simulated radar: velocities against formulas of their own, strengths, noise, and where its points lie."""

from dataclasses import replace

import numpy as np
import pytest

from xmodal.benchmarks.street.ground import Ground
from xmodal.benchmarks.street.paint import draw_paints
from xmodal.benchmarks.street.peaks import Echoes, peaks
from xmodal.benchmarks.street.primitives import BOX, SLOTS, Part, Placed, assemble
from xmodal.benchmarks.street.radar import Mount, RadarScan, sweep
from xmodal.benchmarks.street.radar_spec import RADAR_FORWARD_M, RadarSpec
from xmodal.benchmarks.street.scene import Scene, make_scene
from xmodal.benchmarks.street.spec import CAR, CLASSES, F32, PEDESTRIAN, ROAD, SIDEWALK, SKY, TRUCK
from xmodal.benchmarks.street.world import World
from xmodal.errors import ConfigError
from xmodal.modalities.radar.columns import COLUMNS, RCS, TIME, V_R, V_R_COMP, VX, VY

EXACT = RadarSpec(noise_m=0, noise_deg=(0, 0), noise_mps=0, false_alarms=0, ghosts=0)
MOVERS = (CAR, TRUCK, PEDESTRIAN)


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [make_scene(5, i, sensors=("radar",)) for i in range(10)]


@pytest.fixture(scope="module")
def exact() -> list[Scene]:
    return [make_scene(5, i, sensors=("radar",), radar=EXACT) for i in range(6)]


def box_world(x: float = 20.0) -> World:
    """A metal box of 4 x 4 x 3 m, alone on a flat road."""
    solids = assemble([Placed(CAR, x, 0, 0, 0, [Part(BOX, (0, 0, 1.5), (2, 2, 1.5))])])
    paints = draw_paints(np.random.default_rng(0), np.zeros(SLOTS + 2, dtype=np.int8))
    return World(
        solids,
        Ground(0, 0, 0, half_width_m=50, kerb_m=0.1, crossing_m=1e4, crossing_half_m=3),
        np.append(solids.label, [ROAD, SIDEWALK]).astype(np.int8),
        np.append(solids.paint, [SLOTS, SLOTS + 1]).astype(np.int32),
        paints,
        "day",
        1.5,
    )


def scan(world: World, box_mps: tuple[float, ...], own_mps: tuple[float, ...], yaw: float = 0.0) -> RadarScan:
    velocity = np.zeros((3, 3), dtype=np.float32)
    velocity[0] = box_mps
    cos, sin = np.cos(yaw), np.sin(yaw)
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]], dtype=np.float32)
    mount = Mount(np.array([0, 0, 0.6], dtype=np.float32), turn, np.array(own_mps, dtype=np.float32))
    return sweep(world, velocity, mount, EXACT, np.random.default_rng(1))


def sight(points: F32) -> F32:
    return points[:, :3] / np.linalg.norm(points[:, :3], axis=1, keepdims=True)


def test_what_stands_comes_nearer_as_fast_as_the_car_drives_at_it(exact: list[Scene]) -> None:
    checked = 0
    for scene in exact:
        radar = scene.radar
        still = ~np.isin(radar.point_class, (*MOVERS, SKY))
        forward, yaw_rate = radar.motion.ego_mps[0], radar.motion.yaw_rate_radps
        x, y, _ = radar.points[still, :3].T
        distance = np.linalg.norm(radar.points[still, :3], axis=1)
        # The radar sits RADAR_FORWARD_M ahead: it moves forward with the car and sideways where the car turns.
        expected = -(forward * x + yaw_rate * RADAR_FORWARD_M * y) / distance
        np.testing.assert_allclose(radar.points[still, V_R], expected, atol=2e-3)
        checked += int(still.sum())
    assert checked > 200


def test_a_standing_car_sees_a_leaving_box_at_a_positive_velocity() -> None:
    points = scan(box_world(), (8, 0, 0), (0, 0, 0)).points
    assert len(points) >= 3
    np.testing.assert_allclose(points[:, V_R], 8 * sight(points)[:, 0], atol=1e-3)
    np.testing.assert_allclose(points[:, V_R_COMP], points[:, V_R], atol=0.2)


@pytest.mark.parametrize("yaw", [0.0, 0.3])
def test_the_compensated_velocity_is_that_of_the_box_along_the_sight(yaw: float) -> None:
    box = (3.0, -5.0, 0.0)
    points = scan(box_world(), box, (11, 0.5, 0), yaw).points
    cos, sin = np.cos(yaw), np.sin(yaw)
    in_radar = np.array([cos * box[0] + sin * box[1], cos * box[1] - sin * box[0], 0])
    along = sight(points) @ in_radar
    assert len(points) >= 3
    # The car knows its own velocity to 5 cm/s.
    np.testing.assert_allclose(points[:, V_R_COMP], along, atol=0.25)
    np.testing.assert_allclose(points[:, VX], points[:, V_R_COMP] * sight(points)[:, 0], atol=1e-4)
    np.testing.assert_allclose(points[:, VY], points[:, V_R_COMP] * sight(points)[:, 1], atol=1e-4)


def test_a_turned_radar_sees_the_box_turned() -> None:
    straight, turned = (scan(box_world(), (0, 0, 0), (0, 0, 0), yaw).place.mean(0) for yaw in (0.0, 0.3))
    assert np.arctan2(straight[1], straight[0]) == pytest.approx(0, abs=0.06)
    assert np.arctan2(turned[1], turned[0]) == pytest.approx(-0.3, abs=0.06)


def test_only_what_can_move_moves(exact: list[Scene]) -> None:
    moving = [s.radar.point_class[np.abs(s.radar.points[:, V_R_COMP]) > 0.3] for s in exact]
    assert set(np.unique(np.concatenate(moving))) <= set(MOVERS)
    assert {CAR, PEDESTRIAN} <= set(np.unique(np.concatenate(moving)))


def test_columns_and_ranges(scenes: list[Scene]) -> None:
    spec = RadarSpec()
    for scene in scenes:
        points = scene.radar.points
        assert (points.shape[1], points.dtype) == (len(COLUMNS), np.float32)
        assert np.isfinite(points).all()
        assert 50 < len(points) < 500
        distance = np.linalg.norm(points[:, :3], axis=1)
        assert distance.max() < spec.max_range_m + 1
        assert np.degrees(np.abs(np.arctan2(points[:, 1], points[:, 0]))).max() < spec.azimuth_deg + 4
        assert (points[:, TIME] == 0).all()


def test_metal_reflects_more_than_people_and_leaves(scenes: list[Scene]) -> None:
    label = np.concatenate([s.radar.point_class for s in scenes])
    rcs = np.concatenate([s.radar.points[:, RCS] for s in scenes])
    median = {name: float(np.median(rcs[label == i])) for i, name in enumerate(CLASSES) if (label == i).sum() > 10}
    assert median["truck"] > median["pedestrian"] + 5
    assert median["car"] > median["pedestrian"] + 4
    assert median["pole"] > median["vegetation"] + 5
    assert -20 < median["pedestrian"] < -4
    assert -10 < median["car"] < 10
    assert (label == ROAD).mean() < 0.02


@pytest.mark.parametrize(("rcs_m2", "range_m"), [(1.0, 70.0), (1.0, 50.0), (0.1, 40.0)])
def test_detections_follow_the_swerling_one_curve(rcs_m2: float, range_m: float) -> None:
    rng, count = np.random.default_rng(0), 4000
    one = Echoes(np.zeros(1, np.int32), np.array([range_m], np.float32), np.array([rcs_m2], np.float32))
    found = sum(len(peaks(one, EXACT, rng)[0]) for _ in range(count))
    expected = np.exp(-((range_m / EXACT.reach_m) ** 4) / rcs_m2)
    assert found / count == pytest.approx(expected, abs=0.03)


def test_the_weaker_of_two_neighbouring_cells_is_no_detection() -> None:
    both = Echoes(np.array([7, 8], np.int32), np.full(2, 30, np.float32), np.array([100, 1e-3], np.float32))
    apart = both._replace(range_m=np.array([30, 33], np.float32), sigma=np.array([100, 100], np.float32))
    rng = np.random.default_rng(0)
    assert all(peaks(both, EXACT, rng)[0].tolist() in ([0], []) for _ in range(50))
    assert max(len(peaks(apart, EXACT, rng)[0]) for _ in range(50)) == 2


def test_places_are_blurred_as_the_settings_say() -> None:
    spec, world = RadarSpec(false_alarms=0, ghosts=0), box_world()
    still = np.zeros((3, 3), dtype=np.float32)
    mount = Mount(np.array([0, 0, 0.6], dtype=np.float32), np.eye(3, dtype=np.float32), still[0])
    scans = [sweep(world, still, mount, spec, np.random.default_rng(i)) for i in range(60)]
    seen, true = np.concatenate([s.points for s in scans]), np.concatenate([s.place for s in scans])
    distance = np.linalg.norm(seen[:, :3], axis=1) - np.linalg.norm(true, axis=1)
    turn = np.degrees(np.arctan2(seen[:, 1], seen[:, 0]) - np.arctan2(true[:, 1], true[:, 0]))
    assert len(seen) > 200
    assert distance.std() == pytest.approx(spec.noise_m, rel=0.2)
    assert turn.std() == pytest.approx(spec.noise_deg[0], rel=0.2)
    assert seen[:, V_R].std() == pytest.approx(spec.noise_mps, rel=0.2)


def test_some_detections_have_nothing_behind_them(scenes: list[Scene]) -> None:
    label = np.concatenate([s.radar.point_class for s in scenes])
    assert 0.02 < (label == SKY).mean() < 0.2
    for scene in scenes:
        np.testing.assert_array_equal(np.isnan(scene.radar.depth_m), scene.radar.point_class == SKY)


def test_links_are_the_pinhole_projection_and_ghosts_have_none(scenes: list[Scene]) -> None:
    linked = 0
    for scene in scenes:
        radar = scene.radar
        seen = np.isfinite(radar.uv_px[:, 0])
        assert not seen[radar.point_class == SKY].any()
        in_lidar = radar.points[seen, :3] + radar.origin_m
        right, down, depth = scene.camera.rotation @ (in_lidar - scene.camera.position).T
        focal = 96 / np.tan(np.radians(33))
        np.testing.assert_allclose(radar.uv_px[seen, 0], focal * right / depth + 96, atol=5e-3)
        np.testing.assert_allclose(radar.uv_px[seen, 1], focal * down / depth + 32, atol=5e-3)
        linked += int(seen.sum())
    assert linked > 200


def test_without_noise_a_linked_point_lies_on_a_pixel_of_its_class(exact: list[Scene]) -> None:
    agreed = total = 0
    for scene in exact:
        seen = np.isfinite(scene.radar.uv_px[:, 0])
        column, row = scene.radar.uv_px[seen].astype(int).T
        agreed += int((scene.pixel_class[row, column] == scene.radar.point_class[seen]).sum())
        total += int(seen.sum())
    assert agreed / total > 0.85


def test_the_same_arguments_give_the_same_scan_and_leave_the_others_alone() -> None:
    a, b, plain = make_scene(3, 7, sensors=("radar",)), make_scene(3, 7, sensors=("radar",)), make_scene(3, 7)
    np.testing.assert_array_equal(a.radar.points, b.radar.points)
    assert not np.array_equal(a.radar.points, make_scene(3, 8, sensors=("radar",)).radar.points)
    np.testing.assert_array_equal(a.image, plain.image)
    np.testing.assert_array_equal(a.points, plain.points)
    assert plain.radar is None


@pytest.mark.parametrize(
    ("change", "rule"),
    [({"azimuth_deg": 120.0}, "azimuth_deg"), ({"reach_m": 0.0}, "reach_m"), ({"ghosts": 1.0}, "ghosts")],
)
def test_settings_that_cannot_be_name_the_rule(change: dict[str, object], rule: str) -> None:
    with pytest.raises(ConfigError, match=rule):
        replace(RadarSpec(), **change)
