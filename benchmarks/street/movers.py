"""What moves in a street: cars, trucks and buses, pedestrians. Each call draws another one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from xmodal.benchmarks.street.primitives import BOX, CYLINDER, ELLIPSOID, Part

Rng = np.random.Generator


def spread(rng: Rng, *ranges: tuple[float, float]) -> list[float]:
    """One uniform number from each range."""
    return [low + u * (high - low) for u, (low, high) in zip(rng.random(len(ranges)).tolist(), ranges, strict=True)]


def choose(rng: Rng, *makers: Callable[[Rng], list[Part]]) -> list[Part]:
    """One of several kinds of object, all equally likely."""
    return makers[int(rng.integers(len(makers)))](rng)


def _wheels(axles: list[float], half_width: float, radius: float) -> list[Part]:
    return [
        Part(ELLIPSOID, (x, side * (half_width - 0.08), radius), (radius, 0.14, radius), slot=3)
        for x in axles
        for side in (1, -1)
    ]


def _sedan(rng: Rng) -> list[Part]:
    length, width, height, shift = spread(rng, (3.9, 4.9), (1.65, 1.9), (1.35, 1.6), (-0.3, 0.05))
    belt = 0.58 * height
    return [
        Part(BOX, (0, 0, (belt + 0.25) / 2), (length / 2, width / 2, (belt - 0.25) / 2)),
        Part(BOX, (shift, 0, (belt + height) / 2), (length * 0.26, width * 0.44, (height - belt) / 2), slot=1),
        Part(BOX, (shift, 0, height), (length * 0.22, width * 0.4, 0.04)),
        *_wheels([-length * 0.31, length * 0.31], width / 2, 0.33),
    ]


def _hatchback(rng: Rng) -> list[Part]:
    length, width, height = spread(rng, (3.4, 4.3), (1.6, 1.85), (1.45, 1.8))
    belt = 0.55 * height
    return [
        Part(BOX, (0, 0, (belt + 0.25) / 2), (length / 2, width / 2, (belt - 0.25) / 2)),
        Part(BOX, (-length * 0.14, 0, (belt + height) / 2), (length * 0.35, width * 0.45, (height - belt) / 2), slot=1),
        Part(BOX, (-length * 0.14, 0, height), (length * 0.31, width * 0.42, 0.04)),
        *_wheels([-length * 0.33, length * 0.33], width / 2, 0.32),
    ]


def _minivan(rng: Rng) -> list[Part]:
    length, width, height = spread(rng, (4.4, 5.1), (1.8, 1.98), (1.8, 2.1))
    hood = length * 0.18
    return [
        Part(BOX, (-hood / 2, 0, (height * 0.55 + 0.3) / 2), ((length - hood) / 2, width / 2, height * 0.275 - 0.15)),
        Part(BOX, (-hood / 2, 0, height * 0.775), ((length - hood) / 2 - 0.1, width * 0.46, height * 0.225), slot=1),
        Part(BOX, (length / 2 - hood / 2, 0, 0.7), (hood / 2, width / 2 - 0.05, 0.35)),
        *_wheels([-length * 0.32, length * 0.33], width / 2, 0.35),
    ]


def _pickup(rng: Rng) -> list[Part]:
    length, width, height = spread(rng, (4.8, 5.5), (1.8, 2.0), (1.65, 1.9))
    return [
        Part(BOX, (0, 0, 0.72), (length / 2, width / 2, 0.32)),
        Part(BOX, (length * 0.08, 0, (1.0 + height) / 2), (length * 0.17, width * 0.45, (height - 1.0) / 2), slot=1),
        *_wheels([-length * 0.32, length * 0.32], width / 2, 0.38),
    ]


def car(rng: Rng) -> list[Part]:
    """A sedan, hatchback, minivan or pickup, 3.4 to 5.5 m long and up to 2.1 m high."""
    return choose(rng, _sedan, _hatchback, _minivan, _pickup)


def _box_truck(rng: Rng) -> list[Part]:
    length, width, height, cab = spread(rng, (4.0, 8.0), (2.1, 2.5), (2.7, 3.7), (2.0, 2.7))
    return [
        Part(BOX, (-0.9, 0, (height + 0.95) / 2), (length / 2, width / 2, (height - 0.95) / 2), slot=1),
        Part(BOX, (length / 2 + 0.1, 0, (cab + 0.5) / 2), (0.9, width / 2 - 0.05, (cab - 0.5) / 2)),
        Part(BOX, (-0.2, 0, 0.75), (length / 2 + 0.8, width * 0.36, 0.2), slot=2),
        *_wheels([-length * 0.42, -length * 0.25, length / 2 - 0.1], width / 2, 0.48),
    ]


def _bus(rng: Rng) -> list[Part]:
    length, width, height = spread(rng, (8.0, 12.0), (2.35, 2.55), (2.8, 3.3))
    return [
        Part(BOX, (0, 0, (height + 0.35) / 2), (length / 2, width / 2, (height - 0.35) / 2)),
        Part(BOX, (0, 0, height * 0.64), (length / 2 + 0.03, width / 2 + 0.03, height * 0.14), slot=1),
        Part(BOX, (-length * 0.15, 0, height + 0.1), (length * 0.2, width * 0.35, 0.15), slot=2),
        *_wheels([-length * 0.3, length * 0.32], width / 2, 0.48),
    ]


def _tanker(rng: Rng) -> list[Part]:
    length, width, radius = spread(rng, (4.5, 7.5), (2.2, 2.5), (0.95, 1.2))
    return [
        Part(ELLIPSOID, (-0.9, 0, 1.1 + radius), (length / 2 + 0.3, width / 2, radius), slot=1),
        Part(BOX, (-0.2, 0, 0.85), (length / 2 + 0.8, width * 0.4, 0.25), slot=2),
        Part(BOX, (length / 2 + 0.3, 0, 1.5), (0.9, width / 2, 1.0)),
        *_wheels([-length * 0.42, -length * 0.22, length / 2], width / 2, 0.48),
    ]


def truck(rng: Rng) -> list[Part]:
    """A box truck, bus or tanker, 6 to 12 m long and 2.5 to 3.7 m high."""
    return choose(rng, _box_truck, _box_truck, _bus, _tanker)


def pedestrian(rng: Rng) -> list[Part]:
    """A person of 1.15 to 1.95 m, standing or in stride, some with a bag."""
    height, stride, girth, swing, bag = spread(rng, (1.15, 1.95), (0.0, 0.22), (0.85, 1.25), (-0.2, 0.2), (0.0, 1.0))
    size = height / 1.75
    hip, shoulder = 0.86 * size, 1.44 * size
    parts = [
        Part(CYLINDER, (stride * size, 0.1 * size, hip / 2), (0.085 * girth, 0.085 * girth, hip / 2), slot=1),
        Part(CYLINDER, (-stride * size, -0.1 * size, hip / 2), (0.085 * girth, 0.085 * girth, hip / 2), slot=1),
        Part(ELLIPSOID, (0, 0, (hip + shoulder) / 2), (0.16 * girth, 0.23 * girth, (shoulder - hip) * 0.62)),
        Part(ELLIPSOID, (0, 0, height - 0.13 * size), (0.11 * size, 0.1 * size, 0.14 * size), slot=2),
        Part(ELLIPSOID, (swing, 0.27 * girth * size, 1.12 * size), (0.07, 0.07, 0.32 * size)),
        Part(ELLIPSOID, (-swing, -0.27 * girth * size, 1.12 * size), (0.07, 0.07, 0.32 * size)),
    ]
    if bag > 0.65:
        parts.append(Part(BOX, (-0.24 * girth, 0, 1.2 * size), (0.1, 0.15, 0.22), slot=3))
    return parts
