"""Streets that last: buildings, fences, trees and poles stay, what moves or parks is another on every visit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np

from xmodal.benchmarks.street.ground import Ground
from xmodal.benchmarks.street.layout import Eye, Room, lay_out_fixtures, lay_out_visit
from xmodal.benchmarks.street.paint import Paints, draw_paints
from xmodal.benchmarks.street.primitives import SLOTS, Placed, Primitives, assemble
from xmodal.benchmarks.street.spec import I8, ROAD, SIDEWALK, Bool
from xmodal.benchmarks.street.world import World, courses

Table = TypeVar("Table", Primitives, Paints)
EYE_M = 1.6
_AHEAD_M, _BEHIND_M = 95.0, 12.0
"""What a visit keeps of the street; no sensor reaches farther."""
_BUSY_M = 75.0


@dataclass(frozen=True, slots=True)
class LastingStreet:
    """What stays.

    Attributes:
        length_m: how far along x it may be visited.
        solids, paints: of `objects` things; the paints end with SLOTS rows for the ground: road, pavement, two unused.
        taken: room on the pavements.
    """

    length_m: float
    ground: Ground
    solids: Primitives
    paints: Paints
    objects: int
    taken: list[Room]


def make_street(seed: int, number: int, length_m: float) -> LastingStreet:
    """Street `number` of the network `seed`."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, number, 1])))
    u = rng.random(8).tolist()
    ground = Ground(
        offset_m=0.0,
        slope=(u[1] - 0.5) * 0.1,
        bend=(u[2] - 0.5) * 0.003,
        half_width_m=3.4 + 4.6 * u[0],
        kerb_m=0.1 + 0.1 * u[3],
        crossing_m=length_m * u[4] if u[5] < 0.7 else 1e4,
        crossing_half_m=2.5 + 3 * u[6],
    )
    objects, taken = lay_out_fixtures(rng, ground, -_BEHIND_M, length_m + _AHEAD_M)
    ground_wears = np.array([ROAD, SIDEWALK, ROAD, ROAD], dtype=np.int8)
    wearer = np.concatenate([_wearers(objects), ground_wears])
    return LastingStreet(length_m, ground, assemble(objects), draw_paints(rng, wearer), len(objects), taken)


def visit_world(street: LastingStreet, eye: Eye, rng: np.random.Generator) -> World:
    """The street around `eye` on one day."""
    passing = lay_out_visit(rng, street.ground, eye, _BUSY_M, street.taken)
    x = street.solids.centre[:, 0]
    solids = [_pick(street.solids, (x > eye[0] - _BEHIND_M) & (x < eye[0] + _AHEAD_M))]
    paints = [street.paints]
    road = street.objects * SLOTS
    if passing:
        others = assemble(passing)
        solids.append(replace(others, paint=others.paint + np.int32(road + SLOTS)))
        paints.append(draw_paints(rng, _wearers(passing)))
    both = _joined(Primitives, solids)
    return World(
        solids=both,
        ground=street.ground,
        label=np.append(both.label, np.array([ROAD, SIDEWALK], dtype=np.int8)),
        paint=np.append(both.paint, np.array([road, road + 1], dtype=np.int32)),
        paints=_joined(Paints, paints),
        condition="day",
        eye_m=EYE_M,
        course=np.concatenate([np.full(street.objects + 1, np.nan, dtype=np.float32), courses(passing)]),
    )


def _wearers(objects: Sequence[Placed]) -> I8:
    return np.repeat(np.array([o.label for o in objects], dtype=np.int8), SLOTS)


def _pick(solids: Primitives, keep: Bool) -> Primitives:
    return Primitives(*(getattr(solids, f.name)[keep] for f in fields(Primitives)))


def _joined(kind: type[Table], parts: Sequence[Table]) -> Table:
    """Rows of several tables one after the other."""
    return kind(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(kind)))
