"""Rays into the simulated street: whole scenes, and the ray caster against a loop over single rays.

The loop meets one ray with every solid, through the same formulas of the shapes; what it lacks is that neighbouring
rays are met together, with those solids alone that one of them could meet. It also computes no normals, as ours does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xmodal.benchmarks.speed.comparison import Answer, Comparison
from xmodal.benchmarks.street.cast import cast
from xmodal.benchmarks.street.intersect import SHAPES
from xmodal.benchmarks.street.lidar import firings
from xmodal.benchmarks.street.primitives import Primitives
from xmodal.benchmarks.street.scene import make_scene
from xmodal.benchmarks.street.spec import F32, StreetSpec
from xmodal.benchmarks.street.world import World, make_world

SEED = 0
LIDAR_HEIGHT_M = 1.8


def comparisons(*, scenes: int, rays: int) -> list[Comparison]:
    """Scenes with camera and LiDAR; one scan, of which `rays` rays, spread evenly, go through the loop."""
    world = make_world(np.random.default_rng(SEED))
    origin = np.array([0, 0, LIDAR_HEIGHT_M], dtype=np.float32)
    directions = firings(StreetSpec(), 0.5)
    chosen = np.linspace(0, len(directions) - 1, min(rays, len(directions))).astype(np.int64)

    def ours() -> Answer:
        hits = cast(origin, directions, world)
        return [hits.range_m[chosen], hits.primitive[chosen]]

    calls = {"ours": ours, "a loop over rays": lambda: one_by_one(origin, directions[chosen], world)}
    count = {"ours": len(directions), "a loop over rays": len(chosen)}
    return [
        Comparison("scenes", "camera and LiDAR", "scenes", {"ours": lambda: _scenes(scenes)}, {"ours": scenes}),
        Comparison("rays", f"a scan, {len(world.solids.kind)} solids", "rays", calls, count),
    ]


def _scenes(count: int) -> Answer:
    return [make_scene(SEED, number).points for number in range(count)]


def one_by_one(origin: F32, directions: F32, world: World) -> Answer:
    """Range [N] and primitive [N] of the first hits of rays [N, 3], one ray after the other."""
    kinds = _by_kind(origin, world.solids)
    ranges, primitives = [], []
    for direction in directions:
        t, pavement, _ = world.ground.hit(origin, direction[:, None])
        nearest, which = t[0], world.pavement if pavement[0] else world.road
        x, y, z = direction
        for solids in kinds:
            m = solids.to_unit
            unit = np.stack([x * m[0] + y * m[1], x * m[2] + y * m[3], z * m[4]])
            found = SHAPES[solids.kind](solids.origin, unit, solids.half, solids.gap)[:, 0]
            first = found.argmin()
            if found[first] < nearest:
                nearest, which = found[first], solids.row[first]
        ranges.append(nearest)
        primitives.append(which if np.isfinite(nearest) else -1)
    return [np.array(ranges, dtype=np.float32), np.array(primitives, dtype=np.int32)]


class _Solids(NamedTuple):
    """All solids of one kind: their rows [M], where the rays start in the unit frame of each [3, M, 1], what turns a
    direction there [5, M, 1], half-sizes [3, M, 1] and gaps [2, M, 1]."""

    kind: int
    row: NDArray[np.int64]
    origin: F32
    to_unit: F32
    half: F32
    gap: F32


def _by_kind(origin: F32, solids: Primitives) -> list[_Solids]:
    found = []
    for kind in SHAPES:
        row = np.flatnonzero(solids.kind == kind)
        if not len(row):
            continue
        cos, sin, half = np.cos(solids.yaw)[row], np.sin(solids.yaw)[row], solids.half[row].T
        x, y, z = (origin - solids.centre[row]).T
        turned = np.stack([x * cos + y * sin, y * cos - x * sin, z]) / half
        to_unit = np.stack([cos / half[0], sin / half[0], -sin / half[1], cos / half[1], 1 / half[2]])
        gap = solids.gap[row].T
        found.append(_Solids(kind, row, *(np.ascontiguousarray(a)[:, :, None] for a in (turned, to_unit, half, gap))))
    return found
