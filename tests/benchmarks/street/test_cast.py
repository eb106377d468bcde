"""Rays against shapes whose hits can be worked out by hand, and the culling against no culling."""

import numpy as np
import pytest

from xmodal.benchmarks.street.cast import Hits, cast
from xmodal.benchmarks.street.ground import Ground
from xmodal.benchmarks.street.lidar import firings
from xmodal.benchmarks.street.paint import draw_paints
from xmodal.benchmarks.street.primitives import (
    BOX,
    CYLINDER,
    ELLIPSOID,
    FOLIAGE,
    LATTICE,
    SLOTS,
    Part,
    Placed,
    assemble,
)
from xmodal.benchmarks.street.spec import CAR, F32, ROAD, SIDEWALK, StreetSpec
from xmodal.benchmarks.street.world import World, make_world

FLAT = Ground(0, 0, 0, half_width_m=5, kerb_m=0.2, crossing_m=1e4, crossing_half_m=3)
AHEAD = (1.0, 0.0, 0.0)


def world_of(*parts: Part, x: float = 10.0, yaw: float = 0.0) -> World:
    solids = assemble([Placed(CAR, x, 0, 0, yaw, list(parts))])
    paint = np.append(solids.paint, [SLOTS, SLOTS + 1]).astype(np.int32)
    label = np.append(solids.label, [ROAD, SIDEWALK]).astype(np.int8)
    return World(
        solids,
        FLAT,
        label,
        paint,
        draw_paints(np.random.default_rng(0), np.zeros(SLOTS + 2, dtype=np.int8)),
        "day",
        1.5,
    )


def look(world: World, *directions: tuple[float, float, float], height_m: float = 1.5) -> Hits:
    rays = np.array(directions, dtype=np.float32)
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    return cast(np.array([0, 0, height_m], dtype=np.float32), rays, world)


@pytest.mark.parametrize(
    ("kind", "range_m"),
    [(BOX, 8.0), (ELLIPSOID, 8.0), (CYLINDER, 8.0), (FOLIAGE, 8.0), (LATTICE, 10.0)],
)
def test_range_and_normal_straight_ahead(kind: int, range_m: float) -> None:
    # The lattice is a plane along its x: turn it across the view; without an open share nothing passes.
    part = Part(kind, (0, 0, 1.5), (2, 2, 1), yaw=np.pi / 2 if kind == LATTICE else 0.0, gap=(1.0, 0.0))
    hits = look(world_of(part), AHEAD)
    assert hits.range_m[0] == pytest.approx(range_m, abs=1e-4)
    assert hits.primitive[0] == 0
    np.testing.assert_allclose(hits.normal[0], [-1, 0, 0], atol=1e-4)


def test_a_turned_box_is_met_at_its_corner() -> None:
    hits = look(world_of(Part(BOX, (0, 0, 1.5), (2, 2, 1)), yaw=np.pi / 4), (1, 1e-3, 0))
    assert hits.range_m[0] == pytest.approx(10 - 2 * np.sqrt(2), abs=0.02)
    np.testing.assert_allclose(hits.normal[0], [-np.sqrt(0.5), np.sqrt(0.5), 0], atol=1e-3)


def test_a_ray_down_onto_a_cylinder_meets_its_lid() -> None:
    hits = look(world_of(Part(CYLINDER, (0, 0, 0.5), (1, 1, 0.5))), (10, 0, -1), height_m=2.0)
    assert hits.range_m[0] == pytest.approx(np.hypot(10, 1), abs=1e-3)
    np.testing.assert_allclose(hits.normal[0], [0, 0, 1], atol=1e-4)


def test_the_nearer_of_two_solids_wins() -> None:
    world = world_of(Part(BOX, (0, 0, 1), (1, 1, 1)), Part(ELLIPSOID, (-4, 0, 1.5), (1, 1, 1)))
    hits = look(world, AHEAD)
    assert hits.primitive[0] == 1
    assert hits.range_m[0] == pytest.approx(5, abs=1e-4)


def test_a_lattice_lets_its_open_share_through() -> None:
    world = world_of(Part(LATTICE, (0, 0, 1.5), (4, 0.03, 2), yaw=np.pi / 2, gap=(0.5, 0.4)))
    fan = [(10.0, float(y), 0.0) for y in np.linspace(-3.9, 3.9, 4001)]
    passed = np.isinf(look(world, *fan).range_m).mean()
    assert passed == pytest.approx(0.4, abs=0.02)


def test_a_thin_pole_far_away_is_not_lost_to_rounding() -> None:
    world = world_of(Part(CYLINDER, (0, 0, 5), (0.1, 0.1, 5)), x=300.0)
    ys = np.linspace(-0.15, 0.15, 601)
    rays = np.stack([np.full(601, 300.0), ys, np.zeros(601)], axis=1).astype(np.float32)
    hits = cast(np.array([0, 0, 1.5], np.float32), rays / np.linalg.norm(rays, axis=1, keepdims=True), world)
    expected = 300 - np.sqrt(np.maximum(0.1**2 - ys**2, 0))
    sure = np.abs(np.abs(ys) - 0.1) > 0.005
    np.testing.assert_array_equal(np.isfinite(hits.range_m)[sure], (np.abs(ys) < 0.1)[sure])
    met = sure & (np.abs(ys) < 0.09)
    np.testing.assert_allclose(hits.range_m[met], expected[met], atol=0.01)


def test_ground_road_kerb_and_pavement() -> None:
    world = world_of(Part(BOX, (0, 0, 1), (1, 1, 1)), x=-50.0)
    # Down onto the road; into the kerb's face at y = 5, 0.1 m up; onto the pavement at y = 6.5.
    hits = look(world, (1.5, 0, -1.5), (0, 5, -1.4), (0, 6.5, -1.3))
    assert world.label[hits.primitive].tolist() == [ROAD, SIDEWALK, SIDEWALK]
    np.testing.assert_allclose(hits.range_m, [1.5 * np.sqrt(2), np.hypot(5, 1.4), np.hypot(6.5, 1.3)], atol=0.01)
    np.testing.assert_allclose(hits.normal, [[0, 0, 1], [0, -1, 0], [0, 0, 1]], atol=1e-5)


def test_nothing_above_the_horizon() -> None:
    hits = look(world_of(Part(BOX, (0, 0, 1), (1, 1, 1))), (1, 0, 1))
    assert np.isinf(hits.range_m[0])
    assert hits.primitive[0] == -1
    assert not hits.normal.any()


def test_no_rays_no_hits() -> None:
    hits = cast(np.zeros(3, np.float32), np.zeros((0, 3), np.float32), world_of(Part(BOX, (0, 0, 1), (1, 1, 1))))
    assert hits.normal.shape == (0, 3)


@pytest.mark.parametrize("seed", range(3))
def test_culling_changes_nothing(seed: int) -> None:
    """Shuffled rays share blocks with rays of all directions, so that next to nothing is culled."""
    world = make_world(np.random.default_rng(seed))
    rays = firings(StreetSpec(full_spin=True, azimuth_step_deg=2.0), phase=0.3)
    origin: F32 = np.array([0, 0, 1.8], dtype=np.float32)
    order = np.random.default_rng(seed).permutation(len(rays))
    neighbours, shuffled = cast(origin, rays, world), cast(origin, rays[order], world)
    assert len(np.unique(neighbours.primitive)) > 30
    np.testing.assert_array_equal(neighbours.primitive[order], shuffled.primitive)
    np.testing.assert_array_equal(neighbours.range_m[order], shuffled.range_m)


def test_normals_are_unit_and_face_the_ray() -> None:
    world = make_world(np.random.default_rng(5))
    rays = firings(StreetSpec(), phase=0.0)
    hits = cast(np.array([0, 0, 1.8], np.float32), rays, world)
    met = hits.primitive >= 0
    np.testing.assert_allclose(np.linalg.norm(hits.normal[met], axis=1), 1, atol=1e-3)
    facing = (hits.normal[met] * rays[met]).sum(axis=1)
    assert (facing < 1e-3).all()
