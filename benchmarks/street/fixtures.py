"""What stands in a street: trees, poles, fences and walls, buildings. Each call draws another one."""

from __future__ import annotations

import numpy as np

from xmodal.benchmarks.street.movers import Rng, choose, spread
from xmodal.benchmarks.street.primitives import BOX, CYLINDER, ELLIPSOID, FOLIAGE, LATTICE, Part


def tree(rng: Rng) -> list[Part]:
    """A trunk and a crown of three to five leafy lumps, 4 to 9 m high."""
    radius, trunk, crown, tall, hole = spread(rng, (0.12, 0.28), (1.6, 3.2), (0.9, 2.0), (0.8, 1.5), (0.25, 0.5))
    parts = [Part(CYLINDER, (0, 0, trunk / 2 + 0.3), (radius, radius, trunk / 2 + 0.3), slot=1)]
    for u in rng.random((int(rng.integers(3, 6)), 4)).tolist():
        turn, out, size = 2 * np.pi * u[0], crown * 0.65 * u[1], crown * (0.6 + 0.4 * u[3])
        centre = (out * np.cos(turn), out * np.sin(turn), trunk + crown * tall * (0.5 + u[2]))
        parts.append(Part(FOLIAGE, centre, (size, size, size * tall * 0.9), gap=(0.38, hole)))
    return parts


def bush(rng: Rng) -> list[Part]:
    """One to three leafy lumps on the ground, up to 2 m high."""
    parts = []
    for u in rng.random((int(rng.integers(1, 4)), 4)).tolist():
        size, height = 0.45 + 0.6 * u[0], 0.4 + 0.6 * u[1]
        centre = (1.6 * u[2] - 0.8, 0.6 * u[3] - 0.3, height * 0.85)
        parts.append(Part(FOLIAGE, centre, (size, size * 0.9, height), gap=(0.3, 0.2)))
    return parts


def hedge(rng: Rng, length: float) -> list[Part]:
    """A row of leafy lumps along x."""
    height, depth = spread(rng, (0.5, 1.1), (0.4, 0.7))
    count = max(2, round(length / 1.4))
    step = length / count
    return [
        Part(
            FOLIAGE,
            (-length / 2 + (i + 0.5) * step, 0.0, height * 0.9),
            (step * (0.6 + 0.25 * u), depth, height * (0.8 + 0.3 * u)),
            gap=(0.3, 0.15),
        )
        for i, u in enumerate(rng.random(count).tolist())
    ]


def _lamp(rng: Rng) -> list[Part]:
    height, radius, arm, way = spread(rng, (3.8, 7.5), (0.09, 0.16), (0.6, 1.8), (-3.1, 3.1))
    cos, sin = float(np.cos(way)), float(np.sin(way))
    return [
        Part(CYLINDER, (0, 0, height / 2), (radius, radius, height / 2)),
        Part(BOX, (cos * arm / 2, sin * arm / 2, height), (arm / 2, 0.06, 0.06), yaw=way),
        Part(BOX, (cos * arm, sin * arm, height - 0.08), (0.35, 0.16, 0.09), slot=1, yaw=way),
    ]


def _sign(rng: Rng) -> list[Part]:
    height, radius, plate, way = spread(rng, (2.0, 3.1), (0.06, 0.1), (0.28, 0.45), (-0.5, 0.5))
    return [
        Part(CYLINDER, (0, 0, height / 2), (radius, radius, height / 2)),
        Part(BOX, (-0.1, 0, height - plate), (0.03, plate, plate), slot=1, yaw=way),
    ]


def _signal(rng: Rng) -> list[Part]:
    height, radius, way = spread(rng, (2.6, 3.6), (0.08, 0.12), (-0.5, 0.5))
    return [
        Part(CYLINDER, (0, 0, height / 2), (radius, radius, height / 2)),
        Part(BOX, (-0.2, 0, height - 0.45), (0.16, 0.18, 0.45), slot=1, yaw=way),
    ]


def _bollard(rng: Rng) -> list[Part]:
    height, radius = spread(rng, (0.8, 1.5), (0.1, 0.17))
    return [
        Part(CYLINDER, (0, 0, height / 2), (radius, radius, height / 2)),
        Part(ELLIPSOID, (0, 0, height), (radius, radius, 0.1), slot=1),
    ]


def _mast(rng: Rng) -> list[Part]:
    height, radius = spread(rng, (6.0, 9.0), (0.12, 0.2))
    return [
        Part(CYLINDER, (0, 0, height / 2), (radius, radius, height / 2)),
        Part(BOX, (0, 0, height - 0.6), (0.06, 0.9, 0.06), slot=1),
        Part(BOX, (0, 0.22, 1.4), (0.14, 0.2, 0.35), slot=2),
    ]


def pole(rng: Rng) -> list[Part]:
    """A street lamp, traffic sign, traffic light, bollard or mast, 0.8 to 9 m high."""
    return choose(rng, _lamp, _sign, _signal, _bollard, _mast)


def fence(rng: Rng, length: float) -> list[Part]:
    """A picket fence with see-through gaps, along x."""
    height, cell, share = spread(rng, (1.0, 2.1), (0.3, 0.75), (0.35, 0.55))
    posts = max(2, round(length / 2.2) + 1)
    step, post = length / (posts - 1), height / 2 + 0.05
    return [
        Part(LATTICE, (0, 0, height / 2), (length / 2, 0.03, height / 2), gap=(cell, share)),
        *(Part(BOX, (-length / 2 + i * step, 0, post), (0.07, 0.07, post), slot=1) for i in range(posts)),
    ]


def wall(rng: Rng, length: float) -> list[Part]:
    """A low garden wall with a coping, along x; of the class of fences."""
    height, thick = spread(rng, (0.7, 2.2), (0.1, 0.22))
    return [
        Part(BOX, (0, 0, height / 2), (length / 2, thick, height / 2)),
        Part(BOX, (0, 0, height), (length / 2 + 0.05, thick + 0.06, 0.06), slot=1),
    ]


def building(rng: Rng, length: float, depth: float) -> list[Part]:
    """A house whose front looks to -y: a block, and some of roof storey, wing, bay, balconies, porch."""
    height, a, b, c = spread(rng, (3.2, 15.0), (0.0, 1.0), (0.0, 1.0), (0.0, 1.0))
    parts = [Part(BOX, (0, 0, height / 2), (length / 2, depth / 2, height / 2))]
    if a < 0.5:
        parts.append(Part(BOX, (0, 0.5, height + 0.8), (length * 0.42, depth / 2 - 0.8, 0.9), slot=1))
    elif a < 0.8:
        parts.append(Part(BOX, (0, 0, height), (length / 2 + 0.3, depth / 2 + 0.35, 0.15), slot=1))
    if b < 0.4:
        side = length * (c - 0.5) * 0.6
        parts.append(Part(BOX, (side, -depth / 2, height * 0.35), (min(1.6, length / 5), 0.7, height * 0.35), slot=2))
    elif b < 0.7:
        floors = range(1, min(4, int(height // 3)) + 1)
        parts += [Part(BOX, (0, -depth / 2, 2.8 * i), (length * 0.3, 0.7, 0.45), slot=2) for i in floors]
    if c < 0.4:
        parts.append(Part(BOX, (length * 0.2, -depth / 2 - 0.35, 2.5), (1.0, 0.6, 0.1), slot=3))
    return parts
