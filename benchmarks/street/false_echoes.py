"""Detections that no thing stands behind: echoes that took a detour, and noise that crossed the threshold."""

from __future__ import annotations

import numpy as np

from xmodal.benchmarks.street.polar import Polar, directions_of
from xmodal.benchmarks.street.radar_spec import RadarSpec
from xmodal.benchmarks.street.spec import F32


def ghosts(true: Polar, spec: RadarSpec, rng: np.random.Generator) -> Polar:
    """Some of the detections once more: farther away by the detour, weaker, from a somewhat different direction."""
    again = np.flatnonzero(rng.random(len(true.range_m)) < spec.ghosts)
    detour = rng.uniform(1, 12, len(again)).astype(np.float32)
    bend = rng.normal(0, np.radians(4), len(again)).astype(np.float32)
    out = Polar(
        true.range_m[again] + detour,
        np.clip(true.azimuth[again] + bend, -np.radians(spec.azimuth_deg), np.radians(spec.azimuth_deg)),
        true.elevation[again],
        true.speed_mps[again],
        true.rcs_db[again] - rng.uniform(3, 12, len(again)).astype(np.float32),
    )
    return _within(out, spec)


def false_alarms(velocity_mps: F32, spec: RadarSpec, rng: np.random.Generator) -> Polar:
    """Detections anywhere, just above the threshold, at velocities around those of standing things.

    Args:
        velocity_mps: [3] of the radar, in its own axes.
    """
    count = int(rng.poisson(spec.false_alarms))
    u = rng.random((3, count), dtype=np.float32)
    low, high = np.radians(spec.elevation_deg).tolist()
    azimuth, elevation = (2 * u[0] - 1) * np.float32(np.radians(spec.azimuth_deg)), low + (high - low) * u[1]
    range_m = 1 + np.float32(spec.max_range_m - 1) * u[2]
    standing = -(directions_of(azimuth, elevation) @ velocity_mps)
    wandering = 3 * rng.standard_normal(count, dtype=np.float32)
    above = 1 + np.float32(0.5) * rng.standard_exponential(count, dtype=np.float32)
    weakest = 40 * np.log10(np.maximum(range_m, np.float32(spec.gain_from_m)) / np.float32(spec.reach_m))
    return Polar(range_m, azimuth, elevation, standing + wandering, weakest + 10 * np.log10(above))


def _within(polar: Polar, spec: RadarSpec) -> Polar:
    keep = polar.range_m < spec.max_range_m
    return Polar(*(v[keep] for v in (polar.range_m, polar.azimuth, polar.elevation, polar.speed_mps, polar.rcs_db)))
