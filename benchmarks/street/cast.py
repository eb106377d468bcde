"""The ray caster that every sensor shares: rays from one point into a world, the first thing each of them meets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xmodal.benchmarks.street.intersect import SHAPES, unit_normal
from xmodal.benchmarks.street.primitives import Primitives
from xmodal.benchmarks.street.spec import F32, I32, Bool

if TYPE_CHECKING:
    from xmodal.benchmarks.street.world import World

BLOCK = 64
"""Rays that are culled together: a caller gains by giving neighbouring rays one after the other."""


@dataclass(frozen=True, slots=True)
class Hits:
    """The first hit of each of N rays.

    Attributes:
        range_m: [N] distance, inf where nothing was met.
        primitive: [N] row of `World.label` and `World.paint`, -1 where nothing was met.
        normal: [N, 3] unit vector on the side of the ray, 0 where nothing was met.
    """

    range_m: F32
    primitive: I32
    normal: F32


def cast(origin: F32, directions: F32, world: World) -> Hits:
    """Send rays from `origin` [3] along unit vectors `directions` [N, 3], in metres, world frame."""
    n = len(directions)
    if n == 0:
        return Hits(np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros((0, 3), np.float32))
    blocks = -(-n // BLOCK)
    d = np.empty((3, blocks * BLOCK), dtype=np.float32)
    d[:, :n] = directions.T
    d[:, n:] = directions[-1][:, None]
    t, pavement, kerb = world.ground.hit(origin, d)
    which = np.where(pavement, world.pavement, world.road).astype(np.int32)
    _solids(origin, d.reshape(3, blocks, BLOCK), world.solids, t.reshape(blocks, -1), which.reshape(blocks, -1))
    t, which, d = t[:n], which[:n], d[:, :n]
    which[np.isinf(t)] = -1
    return Hits(t, which, _normals(origin, d, t, which, kerb[:n], world))


def _solids(origin: F32, d: F32, solids: Primitives, t: F32, which: I32) -> None:
    """Write hits nearer than `t` [K, R] into t and which."""
    near = _may_meet(origin, d, solids)
    cos, sin = np.cos(solids.yaw), np.sin(solids.yaw)
    offset = origin - solids.centre
    local = np.stack([offset[:, 0] * cos + offset[:, 1] * sin, offset[:, 1] * cos - offset[:, 0] * sin, offset[:, 2]])
    half = solids.half.T
    local /= half
    to_unit = np.stack([cos / half[0], sin / half[0], -sin / half[1], cos / half[1], 1 / half[2]])
    for kind, shape in SHAPES.items():
        columns = np.flatnonzero(solids.kind == kind).astype(np.int32)
        block, column = (index.astype(np.int32) for index in np.nonzero(near[:, columns]))
        if len(block) == 0:
            continue
        solid = columns[column]
        m = to_unit[:, solid, None]
        dx, dy, dz = d[0, block], d[1, block], d[2, block]
        unit = np.empty((3, *dx.shape), dtype=np.float32)
        np.add(dx * m[0], dy * m[1], out=unit[0])
        np.add(dx * m[2], dy * m[3], out=unit[1])
        np.multiply(dz, m[4], out=unit[2])
        found = shape(local[:, solid, None], unit, half[:, solid, None], solids.gap.T[:, solid, None])
        _keep_nearest(found, block, solid, t, which)


def _keep_nearest(found: F32, block: I32, solid: I32, t: F32, which: I32) -> None:
    """Merge candidates `found` [M, R], whose rows are sorted by `block` [M], into the nearest so far [K, R]."""
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    t[block[starts]] = np.minimum(np.minimum.reduceat(found, starts, axis=0), t[block[starts]])
    row, ray = np.nonzero((found == t[block]) & (found < np.inf))
    which[block[row], ray] = solid[row]


def _may_meet(origin: F32, d: F32, solids: Primitives) -> Bool:
    """[K, P]: could a ray of block k meet solid p? Compares bounds of azimuth and of slope (rise over run)."""
    heading = np.arctan2(d[1].sum(), d[0].sum())  # azimuths count from here, so that no block is cut by the wrap
    azimuth = _wrap(np.arctan2(d[1], d[0]) - heading)
    slope = d[2] / (np.hypot(d[0], d[1]) + np.float32(1e-6))
    low, high = azimuth.min(axis=1), azimuth.max(axis=1)
    middle, reach, shallow, steep = _bounds(origin, solids)
    apart = np.abs(_wrap((low + high)[:, None] * np.float32(0.5) + heading - middle))
    slack = np.float32(1e-4)
    near = apart <= (high - low)[:, None] * np.float32(0.5) + reach + slack
    near &= slope.min(axis=1)[:, None] <= steep + slack
    near &= slope.max(axis=1)[:, None] >= shallow - slack
    return np.asarray(near)


def _bounds(origin: F32, solids: Primitives) -> tuple[F32, F32, F32, F32]:
    """Of each solid's bounding box seen from origin: azimuth middle and half-width, lowest and highest slope [P]."""
    cos, sin = np.cos(solids.yaw), np.sin(solids.yaw)
    dx, dy = (solids.centre - origin)[:, 0], (solids.centre - origin)[:, 1]
    own = np.stack([dx * cos + dy * sin, dy * cos - dx * sin])  # [2, P]: the centre in the solid's own axes
    half = solids.half[:, :2].T
    signs = np.array([[1, 1, -1, -1], [1, -1, 1, -1]], dtype=np.float32)
    corner = own[:, :, None] + half[:, :, None] * signs[:, None]
    middle = np.arctan2(own[1], own[0])
    reach = np.abs(_wrap(np.arctan2(corner[1], corner[0]) - middle[:, None])).max(axis=1)
    outside = np.maximum(np.abs(own) - half, 0)
    closest = np.hypot(outside[0], outside[1])
    reach[closest <= 1e-3] = np.pi
    farthest = np.hypot(corner[0], corner[1]).max(axis=1)
    closest = np.maximum(closest, np.float32(1e-3))
    top = solids.centre[:, 2] + solids.half[:, 2] - origin[2]
    bottom = solids.centre[:, 2] - solids.half[:, 2] - origin[2]
    steep = top / np.where(top > 0, closest, farthest)
    shallow = bottom / np.where(bottom < 0, closest, farthest)
    return middle + solids.yaw, reach, shallow, steep


def _wrap(angle: F32) -> F32:
    turn = np.float32(2 * np.pi)
    return np.asarray(angle - turn * np.round(angle / turn), dtype=np.float32)


def _normals(origin: F32, d: F32, t: F32, which: I32, kerb: Bool, world: World) -> F32:
    solids = world.solids
    out = np.zeros((3, len(t)), dtype=np.float32)
    flat = np.flatnonzero(which >= world.road)
    at = origin[:, None] + t[flat] * d[:, flat]
    out[:, flat] = world.ground.normal(at[0], at[1], kerb[flat] & (which[flat] == world.pavement))
    solid_rays = np.flatnonzero((which >= 0) & (which < world.road))
    kinds = solids.kind[which[solid_rays]]
    for kind in SHAPES:
        rays = solid_rays[kinds == kind]
        solid, half = which[rays], solids.half[which[rays]].T
        at = origin[:, None] + t[rays] * d[:, rays]
        x, y = solids.to_local(solid, at[0], at[1])
        unit = np.stack([x, y, at[2] - solids.centre[solid, 2]]) / half
        cos, sin = np.cos(solids.yaw)[solid], np.sin(solids.yaw)[solid]
        ray = np.stack([d[0, rays] * cos + d[1, rays] * sin, d[1, rays] * cos - d[0, rays] * sin, d[2, rays]])
        own = unit_normal(kind, unit, ray) / half
        own /= np.sqrt((own * own).sum(axis=0)) + np.float32(1e-12)
        out[:, rays] = np.stack([own[0] * cos - own[1] * sin, own[0] * sin + own[1] * cos, own[2]])
    return out.T
