"""Where rays enter a unit shape, and the outward normal there.

Shapes: o [3, M, 1] origins and d [3, M, R] directions in the unit frame of M solids, R rays each; the answer is the
ray parameter [M, R] of the first point in front of the origin, inf where there is none.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from xmodal.benchmarks.street.primitives import BOX, CYLINDER, ELLIPSOID, FOLIAGE, LATTICE
from xmodal.benchmarks.street.spec import F32, Bool

_TINY = np.float32(1e-12)
_NEVER = np.float32(np.inf)
Shape = Callable[[F32, F32, F32, F32], F32]


def box(o: F32, d: F32, half: F32, gap: F32) -> F32:
    """The cube from -1 to 1."""
    near, far = _slab(o[0], d[0])
    for axis in (1, 2):
        other_near, other_far = _slab(o[axis], d[axis])
        np.maximum(near, other_near, out=near)
        np.minimum(far, other_far, out=far)
    return _first(near, far)


def ellipsoid(o: F32, d: F32, half: F32, gap: F32) -> F32:
    """The unit sphere."""
    near, far = _round(o, d, 3)
    return _first(near, far)


def cylinder(o: F32, d: F32, half: F32, gap: F32) -> F32:
    """The upright cylinder of radius 1 from z = -1 to 1, with its lids."""
    near, far = _round(o, d, 2)
    low, high = _slab(o[2], d[2])
    return _first(np.maximum(near, low), np.minimum(far, high))


def foliage(o: F32, d: F32, half: F32, gap: F32) -> F32:
    """The skin of the unit sphere with holes: a ray that enters through one may meet the far side from within."""
    near, far = _round(o, d, 3)
    for t in (far, near):
        t[~(t > 0) | _open(o + t * d, half, gap)] = _NEVER
    return np.minimum(near, far)


def lattice(o: F32, d: F32, half: F32, gap: F32) -> F32:
    """The part of the plane y = 0 within x, z from -1 to 1 that is upright bars or the rails at top and bottom."""
    t = -o[1] / (d[1] + _TINY)
    x, z = o[0] + t * d[0], o[2] + t * d[2]
    turn = x * (half[0] / gap[0])
    turn -= np.floor(turn)
    solid = (turn >= gap[1]) | (np.abs(np.abs(z) - np.float32(0.8)) < 0.09)
    solid &= (np.abs(x) <= 1) & (np.abs(z) <= 1) & (t > 0)
    return np.where(solid, t, _NEVER)


SHAPES: dict[int, Shape] = {
    BOX: box,
    ELLIPSOID: ellipsoid,
    FOLIAGE: foliage,
    CYLINDER: cylinder,
    LATTICE: lattice,
}


def unit_normal(kind: int, at: F32, towards: F32) -> F32:
    """Normal [3, N] in the unit frame at hits `at` [3, N] of one kind of shape; `towards` [3, N] is the ray's
    direction there, which tells the side of a shape without inside. Divide by the half-sizes, then normalise."""
    out = np.zeros_like(at)
    if kind == LATTICE:
        out[1] = -np.sign(towards[1])
    elif kind == BOX:
        face = np.abs(at).argmax(axis=0)
        columns = np.arange(at.shape[1])
        out[face, columns] = np.sign(at[face, columns])
    elif kind == CYLINDER:
        lid = np.abs(at[2]) >= np.hypot(at[0], at[1])
        out[:2] = np.where(lid, 0, at[:2])
        out[2] = np.where(lid, np.sign(at[2]), 0)
    else:
        out[:] = at
        if kind == FOLIAGE:
            out *= np.where((at * towards).sum(axis=0) > 0, np.float32(-1), np.float32(1))
    return out


def _slab(o: F32, d: F32) -> tuple[F32, F32]:
    inverse: F32 = np.reciprocal(d + _TINY)
    middle: F32 = -o * inverse
    np.abs(inverse, out=inverse)
    near: F32 = middle - inverse
    inverse += middle
    return near, inverse


def _round(o: F32, d: F32, axes: int) -> tuple[F32, F32]:
    """Through the point closest to the middle: b^2 - ac would lose a thin pole seen from afar to rounding."""
    inverse: F32 = d[0] * d[0] + _TINY
    middle: F32 = o[0] * d[0]
    for axis in range(1, axes):
        inverse += d[axis] * d[axis]
        middle += o[axis] * d[axis]
    np.divide(1, inverse, out=inverse)
    middle *= -inverse
    inside: F32 = np.ones_like(middle)
    for axis in range(axes):
        closest: F32 = middle * d[axis]
        closest += o[axis]
        closest *= closest
        inside -= closest
    inside *= inverse
    with np.errstate(invalid="ignore"):
        np.sqrt(inside, out=inside)  # NaN where the ray misses: every comparison below is then false
    return middle - inside, middle + inside


def _first(near: F32, far: F32) -> F32:
    near[~((near <= far) & (near > 0))] = _NEVER
    return near


def _open(at: F32, half: F32, gap: F32) -> Bool:
    with np.errstate(invalid="ignore"):
        cell = np.floor(at * (half / gap[0])).astype(np.int32).view(np.uint32)
    mix = cell[0] * np.uint32(73856093) ^ cell[1] * np.uint32(19349663) ^ cell[2] * np.uint32(83492791)
    mix *= np.uint32(2654435761)
    return np.asarray((mix >> np.uint32(16)) < gap[1] * np.float32(65536))
