"""What drives and walks in a street as boxes on the ground: where, how large, which way, how fast, seen or not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xmodal.benchmarks.street.motion import Motion
from xmodal.benchmarks.street.primitives import SLOTS
from xmodal.benchmarks.street.spec import CAR, F32, I8, I32, PEDESTRIAN, TRUCK
from xmodal.benchmarks.street.world import World

MOVERS = (CAR, TRUCK, PEDESTRIAN)


@dataclass(frozen=True, slots=True)
class Objects:
    """M vehicles and people, in the axes of the LiDAR (x forward, y left).

    Attributes:
        centre_m: [M, 2] x, y of the middle of the footprint.
        size_m: [M, 2] length along the heading, width across.
        yaw: [M] radians of the heading, from x towards y.
        speed_mps: [M] along the heading.
        label: [M] row of `CLASSES`.
        returns: [M] how many returns of the noise-free LiDAR scan come from it.
    """

    centre_m: F32
    size_m: F32
    yaw: F32
    speed_mps: F32
    label: I8
    returns: I32


def objects_of(world: World, motion: Motion, met: I32) -> Objects:
    """The boxes around all solids of each object of a class that can move.

    Args:
        met: the solids, as rows of `World.label`, that the rays of the LiDAR met.
    """
    solids = world.solids
    part = np.flatnonzero(np.isin(solids.label, MOVERS))
    owner = solids.paint[part] // SLOTS  # ascending: solids stand object after object
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    yaw = solids.yaw[part[first]]  # the parts of what moves are not turned against it
    group = np.cumsum(np.diff(owner, prepend=-1) != 0) - 1
    cos, sin = np.cos(yaw), np.sin(yaw)
    x, y = solids.centre[part, 0], solids.centre[part, 1]
    own = np.stack([x * cos[group] + y * sin[group], y * cos[group] - x * sin[group]], axis=1)
    if len(part) == 0:
        empty = np.zeros((0, 2), dtype=np.float32)
        return Objects(empty, empty, yaw, yaw, solids.label[part], np.zeros(0, dtype=np.int32))
    low = np.minimum.reduceat(own - solids.half[part, :2], first, axis=0)
    high = np.maximum.reduceat(own + solids.half[part, :2], first, axis=0)
    middle = (low + high) / 2
    velocity = motion.velocity_mps[part[first]]
    counts = np.bincount(met, minlength=len(world.label))[part]
    return Objects(
        centre_m=np.stack([middle[:, 0] * cos - middle[:, 1] * sin, middle[:, 0] * sin + middle[:, 1] * cos], axis=1),
        size_m=high - low,
        yaw=yaw,
        speed_mps=velocity[:, 0] * cos + velocity[:, 1] * sin,
        label=solids.label[part[first]],
        returns=np.add.reduceat(counts, first).astype(np.int32),
    )
