"""A 4-D radar: what answers, how strongly, and how fast it moves away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from xmodal.benchmarks.street.cast import cast
from xmodal.benchmarks.street.echo import mean_rcs
from xmodal.benchmarks.street.false_echoes import false_alarms, ghosts
from xmodal.benchmarks.street.peaks import Echoes, firings, peaks
from xmodal.benchmarks.street.polar import Polar, directions_of, spherical
from xmodal.benchmarks.street.radar_spec import RadarSpec
from xmodal.benchmarks.street.spec import F32, I8, PEDESTRIAN, SKY
from xmodal.benchmarks.street.world import World
from xmodal.modalities.radar.columns import COLUMNS, RCS, V_R, X, Z
from xmodal.modalities.radar.motion import compensate

_CLOSEST_M = 1.0
_ODOMETRY_MPS = 0.05
_LIMBS_MPS = 0.4
"""Arms and legs swing about a pedestrian's own velocity."""


@dataclass(frozen=True, slots=True)
class Mount:
    """The radar in the world: position [3] m, turn [3, 3] from its axes to the world's, velocity [3] m/s in its own."""

    position: F32
    turn: F32
    velocity_mps: F32


@dataclass(frozen=True, slots=True)
class RadarScan:
    """Q detections, in the radar's axes.

    Attributes:
        points: [Q, 9] in the order of `COLUMNS`.
        point_class: [Q], -1 for ghosts and false alarms.
        place: [Q, 3] where the thing truly is, NaN for ghosts and false alarms.
    """

    points: F32
    point_class: I8
    place: F32


def sweep(world: World, velocity_mps: F32, mount: Mount, spec: RadarSpec, rng: np.random.Generator) -> RadarScan:
    """One scan. velocity_mps: [P + 2, 3] of each row of `World.label`, world frame."""
    rays, cell = firings(spec)
    towards = rays @ mount.turn.T
    hits = cast(mount.position, towards, world)
    solid_angle = float(np.prod(np.radians(spec.cell_deg)) / np.prod(spec.rays))
    sigma = mean_rcs(hits, towards, mount.position, solid_angle, world)
    sigma[~((hits.range_m > _CLOSEST_M) & (hits.range_m < spec.max_range_m))] = 0
    ray, sigma = peaks(Echoes(cell, hits.range_m, sigma), spec, rng)

    which = hits.primitive[ray]
    own = velocity_mps[which] @ mount.turn
    limbs = rng.standard_normal(len(ray), dtype=np.float32) * (world.label[which] == PEDESTRIAN) * _LIMBS_MPS
    speed = ((own - mount.velocity_mps) * rays[ray]).sum(axis=1) + limbs
    azimuth, elevation = spherical(rays[ray])
    true = Polar(hits.range_m[ray], azimuth, elevation, speed, 10 * np.log10(sigma))
    nothing = [ghosts(true, spec, rng), false_alarms(mount.velocity_mps, spec, rng)]
    seen = Polar.join([true, *nothing]).noisy(spec, rng)
    extra = len(seen.range_m) - len(ray)
    return RadarScan(
        points=_points(seen, mount.velocity_mps, rng),
        point_class=np.concatenate([world.label[which], np.full(extra, SKY, dtype=np.int8)]),
        place=np.concatenate([rays[ray] * true.range_m[:, None], np.full((extra, 3), np.nan, dtype=np.float32)]),
    )


def _points(seen: Polar, velocity_mps: F32, rng: np.random.Generator) -> F32:
    table = np.zeros((len(seen.range_m), len(COLUMNS)), dtype=np.float32)
    table[:, X : Z + 1] = directions_of(seen.azimuth, seen.elevation) * seen.range_m[:, None]
    table[:, RCS], table[:, V_R] = seen.rcs_db, seen.speed_mps
    odometry = velocity_mps + np.float32(_ODOMETRY_MPS) * rng.standard_normal(3, dtype=np.float32)
    return compensate(torch.from_numpy(table), torch.from_numpy(odometry)).numpy()
