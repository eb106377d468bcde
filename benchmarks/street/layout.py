"""Who stands where along the street: plots behind the pavement, furniture on it, traffic on the road."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from xmodal.benchmarks.street.fixtures import building, bush, fence, hedge, pole, tree, wall
from xmodal.benchmarks.street.ground import Ground
from xmodal.benchmarks.street.movers import Rng, car, pedestrian, spread, truck
from xmodal.benchmarks.street.primitives import Part, Placed
from xmodal.benchmarks.street.spec import BUILDING, CAR, FENCE, PEDESTRIAN, POLE, TRUCK, VEGETATION

Eye = tuple[float, float]
Room = tuple[float, float, float]
"""x, y and radius of a place that is taken."""

_FREE_M = 4.5
"""Nothing stands closer to the sensors than this."""


class _Street:
    """The list being filled, and which room is taken.

    Args:
        eye: x, y of the sensors, around which nothing may stand; None for no such place.
        near: the x from which `upto` counts.
    """

    def __init__(
        self, ground: Ground, start: float, end: float, eye: Eye | None = (0.0, 0.0), near: float = 0.0
    ) -> None:
        self.ground, self.start, self.end, self.eye, self.near = ground, start, end, eye, near
        self.objects: list[Placed] = []
        self.taken: list[Room] = []

    def upto(self, reach_m: float) -> float:
        """The x where things stop being set that would be small from farther away."""
        return min(self.end, self.near + reach_m)

    def put(
        self,
        label: int,
        x: float,
        beside_m: float,
        turn: float,
        parts: list[Part],
        room_m: float = 0.0,
        *,
        moves: bool = False,
    ) -> bool:
        """Place parts at x, `beside_m` left of the road's middle, turned from the road's direction; False if taken."""
        y = self.ground.middle_at(x) + beside_m
        if self.eye and np.hypot(x - self.eye[0], y - self.eye[1]) < _FREE_M + room_m:
            return False
        if room_m and any((x - a) ** 2 + (y - b) ** 2 < (room_m + r) ** 2 for a, b, r in self.taken):
            return False
        if room_m:
            self.taken.append((x, y, room_m))
        yaw = self.ground.heading(x) + turn
        self.objects.append(Placed(label, x, y, self.ground.height(x, y), yaw, parts, moves))
        return True

    def crosses(self, x: float, margin: float) -> bool:
        """Is x on the crossing road?"""
        return abs(x - self.ground.crossing_m) < self.ground.crossing_half_m + margin


def lay_out(rng: Rng, ground: Ground, start: float, end: float) -> list[Placed]:
    """Objects between x = start and x = end, those with free choice of place set last."""
    street = _Street(ground, start, end)
    for side in (1, -1):
        pavement = 1.5 + 3.0 * rng.random()
        _plots(rng, street, side, ground.half_width_m + pavement)
        _kerbside(rng, street, side)
        _furniture(rng, street, side, pavement)
    _traffic(rng, street)
    _people(rng, street)
    return street.objects


def lay_out_fixtures(rng: Rng, ground: Ground, start: float, end: float) -> tuple[list[Placed], list[Room]]:
    """What stays in a street from visit to visit, over its whole length, and the room that it takes."""
    street = _Street(ground, start, end, eye=None, near=end)
    for side in (1, -1):
        pavement = 1.5 + 3.0 * rng.random()
        _plots(rng, street, side, ground.half_width_m + pavement)
        _furniture(rng, street, side, pavement)
    return street.objects, street.taken


def lay_out_visit(rng: Rng, ground: Ground, eye: Eye, reach_m: float, taken: Sequence[Room]) -> list[Placed]:
    """What stands or moves about on one day only: parked vehicles, traffic and people ahead of `eye`."""
    street = _Street(ground, eye[0] - 10.0, eye[0] + reach_m, eye=eye, near=eye[0])
    street.taken += [room for room in taken if street.start - 2 < room[0] < street.end + 2]
    for side in (1, -1):
        _kerbside(rng, street, side)
    _traffic(rng, street)
    _people(rng, street)
    return street.objects


def _plots(rng: Rng, street: _Street, side: int, edge: float) -> None:
    """A row of properties: a house at the pavement, or behind a garden with some border, or no house at all."""
    x = street.start + 3 * rng.random()
    while x < street.end:
        length, setback, depth, gap, kind = spread(rng, (6, 16), (0, 7), (6, 10), (0, 3), (0, 1))
        middle = x + length / 2
        x += length + gap
        if street.crosses(middle, length / 2 + 1):
            continue
        front = 0.0 if side > 0 else np.pi
        garden = setback if kind < 0.65 else 12.0
        if kind < 0.35:
            garden = 0.0
        if kind < 0.75:
            turn = front + 0.06 * (rng.random() - 0.5)
            parts = building(rng, length, depth)
            street.put(BUILDING, middle, side * (edge + garden + 0.8 + depth / 2), turn, parts)
        if garden > 1.5:
            _border(rng, street, middle, side * (edge + 0.2), length)
            for u in rng.random((int(rng.integers(1, 4)), 3)).tolist():
                at, out = middle + (u[0] - 0.5) * length, edge + 1.2 + u[1] * max(garden - 2, 0.3)
                street.put(VEGETATION, at, side * out, 6 * u[2], tree(rng) if u[2] < 0.45 else bush(rng))


def _border(rng: Rng, street: _Street, middle: float, beside: float, length: float) -> None:
    kind = rng.random()
    pieces = max(1, round(length / 5))
    for i in range(pieces):
        at, piece = middle + (i + 0.5) * length / pieces - length / 2, length / pieces
        if kind < 0.4:
            street.put(FENCE, at, beside, 0, fence(rng, piece))
        elif kind < 0.7:
            street.put(FENCE, at, beside, 0, wall(rng, piece))
        elif kind < 0.9:
            street.put(VEGETATION, at, beside, 0, hedge(rng, piece))


def _kerbside(rng: Rng, street: _Street, side: int) -> None:
    """Parked vehicles along the kerb, in some streets none."""
    busy = rng.random() * 0.8
    x = street.start + 5 * rng.random()
    while x < street.upto(60):
        u = rng.random(4).tolist()
        if u[0] < busy and not street.crosses(x, 4):
            large = u[1] < 0.15
            beside = side * (street.ground.half_width_m - (1.4 if large else 1.05))
            turn = (0 if u[2] < 0.5 else np.pi) + 0.1 * (u[3] - 0.5)
            parts = truck(rng) if large else car(rng)
            street.put(TRUCK if large else CAR, x, beside, turn, parts, room_m=4.0 if large else 2.0)
            x += 6 if large else 0
        x += 5.4 + 2 * u[3]


def _furniture(rng: Rng, street: _Street, side: int, pavement: float) -> None:
    """Poles and street trees on the pavement."""
    spacing, share = spread(rng, (3.5, 9), (0.1, 0.6))
    x = street.start + 4 * rng.random()
    while x < street.upto(55):
        u = rng.random(4).tolist()
        beside = side * (street.ground.half_width_m + 0.4 + u[0] * 0.35 * pavement)
        if not street.crosses(x, 1):
            green = u[1] < share
            parts = tree(rng) if green else pole(rng)
            street.put(VEGETATION if green else POLE, x, beside, 3 * (u[2] - 0.5), parts, room_m=0.4)
        x += spacing * (0.4 + 1.2 * u[3])


def _traffic(rng: Rng, street: _Street) -> None:
    """Vehicles on the lanes, a few of them turning or crossing."""
    width = street.ground.half_width_m
    for _ in range(int(rng.integers(2, 9))):
        u = rng.random(6).tolist()
        large = u[0] < 0.38
        x = street.start + 5 + (street.upto(55) - street.start - 5) * u[1] ** 1.5
        beside = (u[2] - 0.5) * 2 * max(width - 1.8, 0.5)
        turn = (0 if u[3] < 0.5 else np.pi) + (0.15 if u[4] < 0.75 else 3.0) * (u[5] - 0.5)
        parts = truck(rng) if large else car(rng)
        street.put(TRUCK if large else CAR, x, beside, turn, parts, room_m=4.2 if large else 2.4, moves=True)


def _people(rng: Rng, street: _Street) -> None:
    """Pedestrians, alone or in twos and threes, mostly on the pavements."""
    width = street.ground.half_width_m
    for _ in range(int(rng.integers(5, 15))):
        u = rng.random(5).tolist()
        x = street.start + 3 + (street.upto(38) - street.start - 3) * u[0] ** 1.3
        beside = (width + 0.3 + 2.5 * u[2]) * (1 if u[3] < 0.5 else -1) if u[1] < 0.65 else (u[2] - 0.5) * 2 * width
        for _ in range(1 + int(3 * u[4] ** 2)):
            turn, dx, dy = spread(rng, (-3.1, 3.1), (-0.8, 0.8), (-0.8, 0.8))
            street.put(PEDESTRIAN, x + dx, beside + dy, turn, pedestrian(rng), room_m=0.35, moves=True)
