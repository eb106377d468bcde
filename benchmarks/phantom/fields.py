"""Building blocks on the grid: smooth random fields, blurring, solids and the share of each voxel that they fill."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from xmodal.benchmarks.phantom.spec import F32, SHAPE, VOXEL_MM

_KNOTS = (4, 5, 5)
"""Random numbers along z, y, x behind a smooth field: one for each 36 to 48 mm."""


def smooth_noise(rng: np.random.Generator, count: int) -> F32:
    """[count, Z, Y, X]: fields of normal values with variance 1 that change over some 40 mm."""
    coarse = rng.standard_normal((count, *_KNOTS), dtype=np.float32)
    return along_axes(coarse, [_spread(n, k) for n, k in zip(SHAPE, _KNOTS, strict=True)])


def blur(volume: F32, fwhm_mm: float) -> F32:
    """Volume [Z, Y, X] seen through a Gaussian point-spread function of this full width at half maximum."""
    return np.asarray(along_axes(volume[None], [_kernel(n, fwhm_mm) for n in SHAPE])[0])


def ellipsoid(at: F32, centre_mm: Sequence[float], radii_mm: Sequence[float] | F32) -> F32:
    """[...]: about how many millimetres each place [3, ...] lies below the surface; negative outside."""
    column = (3, *[1] * (at.ndim - 1))
    radii = np.asarray(radii_mm, dtype=np.float32).reshape(column)
    scaled = (at - np.asarray(centre_mm, dtype=np.float32).reshape(column)) / radii
    steep = scaled / radii
    length = np.sqrt(np.einsum("i...,i...->...", scaled, scaled))
    slope = np.sqrt(np.einsum("i...,i...->...", steep, steep))
    return np.asarray(length * (1 - length) / np.maximum(slope, np.float32(1e-6)))


def both_sides(at: F32, centre_mm: Sequence[float], radii_mm: Sequence[float] | F32) -> F32:
    """`ellipsoid` for the nearer of a solid on the right and its mirror image on the left."""
    return ellipsoid(np.concatenate([np.abs(at[:1]), at[1:]]), centre_mm, radii_mm)


def share(depth_mm: F32) -> F32:
    """[...] in [0, 1]: how much of a voxel lies inside a surface that is `depth_mm` away from its centre."""
    return np.asarray(np.clip(depth_mm / np.float32(VOXEL_MM) + np.float32(0.5), 0, 1))


def bump(at: F32, centre_mm: Sequence[float], width_mm: Sequence[float]) -> F32:
    """[...] in (0, 1]: a region without edges, on both sides: 1 in its centre, 1/e at `width_mm` from it."""
    column = (3, *[1] * (at.ndim - 1))
    near = np.concatenate([np.abs(at[:1]), at[1:]]) - np.asarray(centre_mm, dtype=np.float32).reshape(column)
    near /= np.asarray(width_mm, dtype=np.float32).reshape(column)
    return np.asarray(np.exp(-np.einsum("i...,i...->...", near, near)))


def along_axes(fields: F32, matrices: Sequence[F32]) -> F32:
    """Multiply [count, a, b, c] by one matrix [n, a] (then b, c) along each axis."""
    z, y, x = matrices
    out = np.matmul(fields, x.T)
    out = np.matmul(y, out)
    count, depth, height, width = out.shape
    return np.asarray((z @ out.reshape(count, depth, -1)).reshape(count, len(z), height, width))


@cache
def _spread(size: int, knots: int) -> F32:
    """[size, knots]: weights whose squares add up to 1, so that the variance of the knots is kept."""
    place = np.linspace(0, knots - 1, size)[:, None] - np.arange(knots)
    weight = np.exp(-0.5 * (place / 0.6) ** 2)
    return np.asarray(weight / np.sqrt((weight**2).sum(1, keepdims=True)), dtype=np.float32)


@cache
def _kernel(size: int, fwhm_mm: float) -> F32:
    """[size, size]: rows that add up to 1, so that an even volume stays even up to its border."""
    distance = (np.arange(size)[:, None] - np.arange(size)) * VOXEL_MM
    weight = np.exp(-4 * np.log(2) * (distance / fwhm_mm) ** 2)
    return np.asarray(weight / weight.sum(1, keepdims=True), dtype=np.float32)
