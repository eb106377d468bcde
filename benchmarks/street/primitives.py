"""The solids of a world: every one is a unit shape stretched by half-sizes, turned about the vertical, and moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from xmodal.benchmarks.street.spec import F32, I8, I32

BOX, ELLIPSOID, FOLIAGE, CYLINDER, LATTICE = range(5)
"""FOLIAGE is an ellipsoid's skin with holes, CYLINDER stands upright, LATTICE is an upright plane with holes."""

SLOTS = 4
"""Paints an object has; its parts say which one they wear."""


class Part(NamedTuple):
    """One solid in the frame of its object: x forward, y left, z up, origin on the ground below its middle.

    `gap` is (cell_m, open share) of the holes of FOLIAGE and LATTICE.
    """

    kind: int
    centre: tuple[float, float, float]
    half: tuple[float, float, float]
    slot: int = 0
    yaw: float = 0.0
    gap: tuple[float, float] = (1.0, 0.0)


class Placed(NamedTuple):
    """An object in the world: its class, where it stands [m], where it looks [rad], its parts, and does it move."""

    label: int
    x: float
    y: float
    z: float
    yaw: float
    parts: list[Part]
    moves: bool = False


@dataclass(frozen=True, slots=True)
class Primitives:
    """P solids in world coordinates.

    Attributes:
        kind: [P]; half: [P, 3] half-sizes along the own axes; centre: [P, 3]; yaw: [P].
        gap: [P, 2] (cell_m, open share).
        label: [P] class. paint: [P] row in the world's paints.
    """

    kind: I8
    centre: F32
    half: F32
    yaw: F32
    gap: F32
    label: I8
    paint: I32

    def to_local(self, which: I32, x: F32, y: F32) -> tuple[F32, F32]:
        """World x, y [N] in metres along the own horizontal axes of solids `which` [N]."""
        cos, sin = np.cos(self.yaw)[which], np.sin(self.yaw)[which]
        dx, dy = x - self.centre[which, 0], y - self.centre[which, 1]
        return dx * cos + dy * sin, dy * cos - dx * sin


def assemble(objects: Sequence[Placed]) -> Primitives:
    """Put every part of every object at its place in the world."""
    owner = np.repeat(np.arange(len(objects)), [len(o.parts) for o in objects])
    pose = np.array([o[1:5] for o in objects], dtype=np.float32)[owner]
    parts = [part for o in objects for part in o.parts]
    rows = np.array([(p.kind, *p.centre, *p.half, p.slot, p.yaw, *p.gap) for p in parts], dtype=np.float32)
    cos, sin = np.cos(pose[:, 3]), np.sin(pose[:, 3])
    centre = np.stack(
        [
            pose[:, 0] + cos * rows[:, 1] - sin * rows[:, 2],
            pose[:, 1] + sin * rows[:, 1] + cos * rows[:, 2],
            pose[:, 2] + rows[:, 3],
        ],
        axis=1,
    )
    return Primitives(
        kind=rows[:, 0].astype(np.int8),
        centre=centre,
        half=rows[:, 4:7],
        yaw=pose[:, 3] + rows[:, 8],
        gap=rows[:, 9:11],
        label=np.array([o.label for o in objects], dtype=np.int8)[owner],
        paint=(owner * SLOTS + rows[:, 7]).astype(np.int32),
    )
