"""A radar's grid over range and angles: which ray feeds which cell, and which cells stand out as detections."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from xmodal.benchmarks.street.polar import directions_of
from xmodal.benchmarks.street.radar_spec import RadarSpec
from xmodal.benchmarks.street.spec import F32, I32


class Echoes(NamedTuple):
    """Of N rays: the angular cell, the range in metres, the mean cross-section in m^2 (0 for none)."""

    cell: I32
    range_m: F32
    sigma: F32


def shape(spec: RadarSpec) -> tuple[int, int, int]:
    """Cells in (azimuth, elevation, range)."""
    across = round(2 * spec.azimuth_deg / spec.cell_deg[0])
    up = round((spec.elevation_deg[1] - spec.elevation_deg[0]) / spec.cell_deg[1])
    return max(across, 1), max(up, 1), int(spec.max_range_m / spec.range_cell_m) + 1


def firings(spec: RadarSpec) -> tuple[F32, I32]:
    """Unit vectors [N, 3] of the rays, column by column, and the angular cell [N] that each belongs to."""
    across, up, _ = shape(spec)
    wide, high = across * spec.rays[0], up * spec.rays[1]
    azimuth = -spec.azimuth_deg + (np.arange(wide) + 0.5) * (spec.cell_deg[0] / spec.rays[0])
    elevation = spec.elevation_deg[0] + (np.arange(high) + 0.5) * (spec.cell_deg[1] / spec.rays[1])
    column, row = np.meshgrid(np.arange(wide), np.arange(high), indexing="ij")
    rays = directions_of(np.radians(azimuth)[column.ravel()], np.radians(elevation)[row.ravel()])
    return rays, ((column // spec.rays[0]) * up + row // spec.rays[1]).ravel().astype(np.int32)


def peaks(echoes: Echoes, spec: RadarSpec, rng: np.random.Generator) -> tuple[I32, F32]:
    """The detections of one scan: the ray with the strongest echo in each detected cell, and its echo in m^2.

    The echoes in a cell add up and fluctuate from scan to scan as in Swerling's first case. A cell is detected if it
    is above the noise, no weaker than its four neighbours in angle, and not drowned in sidelobes.
    """
    at, total = _sums(echoes, spec)
    total *= rng.standard_exponential(len(total), dtype=np.float32)
    across, up, deep = shape(spec)
    depth = (echoes.range_m[at] / np.float32(spec.range_cell_m)).astype(np.int64)
    column, row = np.divmod(echoes.cell[at].astype(np.int64), up)
    grid = np.zeros((across + 2, up + 2, deep), dtype=np.float32)
    grid[column + 1, row + 1, depth] = total
    beside = np.maximum.reduce(
        [grid[column + 1 + i, row + 1 + j, depth] for i, j in ((1, 0), (-1, 0), (0, 1), (0, -1))]
    )
    gain = np.float32(spec.reach_m) / np.maximum(echoes.range_m[at], np.float32(spec.gain_from_m))
    heard = total * gain**4 > 1
    heard &= (total >= beside) & (total > grid.max(axis=(0, 1))[depth] * np.float32(10 ** (-spec.sidelobes_db / 10)))
    return at[heard], total[heard]


def _sums(echoes: Echoes, spec: RadarSpec) -> tuple[I32, F32]:
    """Of each cell with an echo: the ray with the strongest one, and the sum [m^2] of all of them."""
    at = np.flatnonzero(echoes.sigma > 0)
    sigma = echoes.sigma[at]
    depth = (echoes.range_m[at] / np.float32(spec.range_cell_m)).astype(np.int64)
    _, member = np.unique(echoes.cell[at].astype(np.int64) * shape(spec)[2] + depth, return_inverse=True)
    order = np.lexsort((sigma, member))  # the last of each group is its strongest
    last = np.flatnonzero(np.diff(member[order], append=-1))
    return at[order[last]].astype(np.int32), np.bincount(member, weights=sigma).astype(np.float32)
