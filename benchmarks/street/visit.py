"""One visit of a place: what LiDAR and radar record from where the car happens to stand that day."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from xmodal.benchmarks.street.cast import cast
from xmodal.benchmarks.street.lasting import EYE_M, LastingStreet, visit_world
from xmodal.benchmarks.street.lidar import firings, measure, returns
from xmodal.benchmarks.street.motion import draw_motion
from xmodal.benchmarks.street.radar import Mount, sweep
from xmodal.benchmarks.street.radar_spec import RADAR_FORWARD_M, RADAR_HEIGHT_M, RadarSpec
from xmodal.benchmarks.street.spec import F32, StreetSpec
from xmodal.benchmarks.street.world import World

LIDAR = StreetSpec(beams=16, elevation_deg=(-10.0, 10.0), fov_deg=120.0, azimuth_step_deg=1.0, max_range_m=60.0)
"""Few rays: a place is known by its large shapes."""
LIDAR_HEIGHT_M = EYE_M + 0.3
ALONG_M, ASIDE_M, TURN_DEG = 3.0, 1.5, 5.0
"""How far a visit may lie from the place, along the street and across it, and how the car may be turned."""


class Pose(NamedTuple):
    """Where the car stands in its street: metres, and the direction in radians."""

    x: float
    y: float
    yaw: float

    def turn(self) -> F32:
        """[3, 3] from the car's axes to the street's."""
        cos, sin = np.cos(self.yaw), np.sin(self.yaw)
        return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]], dtype=np.float32)


class Visit(NamedTuple):
    """lidar [P, 4] and radar [Q, 9], each in its own sensor's axes, and where the car stood."""

    lidar: F32
    radar: F32
    pose: Pose


def make_visit(street: LastingStreet, place_m: float, stream: np.random.SeedSequence) -> Visit:
    """The place `place_m` along the street; another stream is another day."""
    of_pose, of_world, of_scan, of_motion, of_radar = (np.random.Generator(np.random.PCG64(s)) for s in stream.spawn(5))
    pose = _pose(street, place_m, of_pose)
    world = visit_world(street, (pose.x, pose.y), of_world)
    motion = draw_motion(of_motion, world)
    origin = np.array([RADAR_FORWARD_M, 0, RADAR_HEIGHT_M - LIDAR_HEIGHT_M], dtype=np.float32)
    lidar = np.array([pose.x, pose.y, LIDAR_HEIGHT_M], dtype=np.float32)
    mount = Mount(lidar + pose.turn() @ origin, pose.turn(), motion.at(origin))
    radar = sweep(world, motion.velocity_mps, mount, RadarSpec(), of_radar)
    return Visit(_scan(world, lidar, pose.turn(), of_scan), radar.points, pose)


def _pose(street: LastingStreet, place_m: float, rng: np.random.Generator) -> Pose:
    """On the right-hand lane, somewhere near the place."""
    along, aside, turn = (2 * rng.random(3) - 1).tolist()
    x = place_m + ALONG_M * along
    room = street.ground.half_width_m - 1.2
    beside = float(np.clip(-0.35 * street.ground.half_width_m + ASIDE_M * aside, -room, room))
    return Pose(x, street.ground.middle_at(x) + beside, street.ground.heading(x) + float(np.radians(TURN_DEG)) * turn)


def _scan(world: World, lidar: F32, turn: F32, rng: np.random.Generator) -> F32:
    rays = firings(LIDAR, float(rng.random()))
    towards = rays @ turn.T
    hits = cast(lidar, towards, world)
    at = np.flatnonzero(returns(hits, LIDAR))
    facing = np.abs((towards[at] * hits.normal[at]).sum(axis=1))
    reflectivity = world.paints.reflectivity[world.paint[hits.primitive[at]]]
    noisy, intensity, kept = measure(hits.range_m[at], facing, reflectivity, LIDAR, rng)
    return np.concatenate([rays[at] * noisy[:, None], intensity[:, None]], axis=1)[kept]
