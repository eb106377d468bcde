"""How strongly what a radar ray meets sends it back: the cross-section of each class, material and aspect."""

from __future__ import annotations

import numpy as np

from xmodal.benchmarks.street.cast import Hits
from xmodal.benchmarks.street.spec import BUILDING, CLASSES, F32, FENCE, I8, I32
from xmodal.benchmarks.street.world import World

# Decibels for one square metre seen square on, and how much of it is mirror-like (the power of the cosine that it
# falls off with). Chosen so that whole objects come out as they are usually measured at 77 GHz: a pedestrian near
# -8 dBsm, a car near 10, a truck near 20, a pole near 0; roads send little back at grazing angles.
_PER_CLASS = {
    "road": (-22.0, 1.0),
    "sidewalk": (-20.0, 1.0),
    "building": (-3.0, 3.0),
    "fence": (-4.0, 2.0),
    "vegetation": (-11.0, 0.5),
    "pole": (7.0, 1.0),
    "car": (9.0, 1.5),
    "truck": (11.0, 1.5),
    "pedestrian": (0.0, 0.5),
}
_SQUARE_METRE_DB: F32 = np.array([_PER_CLASS[name][0] for name in CLASSES], dtype=np.float32)
_POWER: F32 = np.array([_PER_CLASS[name][1] for name in CLASSES], dtype=np.float32)
_CORNER_M = 1.2
_CORNER_SHARE, _CORNER_DB = 0.08, 14.0
"""Sills, frames and gutters of buildings and fences are corners, which answer from any side; they stay where they
are, so that a place looks alike on every visit."""


def mean_rcs(hits: Hits, directions: F32, origin: F32, area_sr: float, world: World) -> F32:
    """[N] m^2: the mean cross-section of the patch that each ray stands for, 0 where nothing was met.

    Args:
        hits: of rays from `origin` [3] along `directions` [N, 3].
        area_sr: solid angle of a ray.
    """
    out = np.zeros(len(directions), dtype=np.float32)
    met = np.flatnonzero(hits.primitive >= 0)
    which, range_m = hits.primitive[met], hits.range_m[met]
    label = world.label[which]
    facing = np.clip(np.abs((directions[met] * hits.normal[met]).sum(axis=1)), 0.02, 1)
    decibels = _SQUARE_METRE_DB[label] + world.paints.echo_db[world.paint[which]]
    decibels += 10 * _POWER[label] * np.log10(facing)
    corner = _corners(world, which, label, origin + directions[met] * range_m[:, None])
    decibels = np.where(corner, np.maximum(decibels, _SQUARE_METRE_DB[label]) + _CORNER_DB, decibels)
    out[met] = 10 ** (decibels / 10) * np.float32(area_sr) * range_m * range_m
    return out


def _corners(world: World, which: I32, label: I8, at: F32) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """[N]: does the place lie on a corner? A fixed draw for every cell of the surface."""
    cell = np.floor(world.surface(which, at) / np.float32(_CORNER_M)).astype(np.int64).astype(np.uint32)
    mix = cell[0] * np.uint32(73856093) ^ cell[1] * np.uint32(19349663) ^ cell[2] * np.uint32(83492791)
    mix ^= world.paint[which].astype(np.uint32) * np.uint32(2246822519)
    mix *= np.uint32(2654435761)
    drawn = (mix >> np.uint32(16)) < np.uint32(_CORNER_SHARE * 65536)
    return np.asarray(drawn & np.isin(label, (BUILDING, FENCE)))
