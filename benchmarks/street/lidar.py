"""A spinning LiDAR: its firing pattern, and what weather and material leave of a clean scan."""

from __future__ import annotations

import numpy as np

from xmodal.benchmarks.street.cast import Hits
from xmodal.benchmarks.street.spec import F32, Bool, StreetSpec

_CLOSEST_M = 0.9


def firings(spec: StreetSpec, phase: float) -> F32:
    """[A * beams, 3] unit vectors, column by column.

    Args:
        phase: in [0, 1): where between two steps the first column lies.
    """
    span = 360.0 if spec.full_spin else spec.fov_deg
    columns = max(1, round(span / spec.azimuth_step_deg))
    azimuth = np.radians((np.arange(columns) + phase) * spec.azimuth_step_deg - span / 2).astype(np.float32)[:, None]
    elevation = np.radians(np.linspace(*spec.elevation_deg, spec.beams)).astype(np.float32)[None]
    parts = np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation), np.sin(elevation)
    return np.stack([np.broadcast_to(p, parts[0].shape) for p in parts], axis=-1).reshape(-1, 3)


def returns(hits: Hits, spec: StreetSpec) -> Bool:
    """[N]: does the clean scan get a return?"""
    return (hits.range_m < spec.max_range_m) & (hits.range_m > _CLOSEST_M)


def measure(
    range_m: F32, facing: F32, reflectivity: F32, spec: StreetSpec, rng: np.random.Generator
) -> tuple[F32, F32, Bool]:
    """What the sensor reports of clean returns.

    Args:
        range_m: [N]. facing: [N] cosine between ray and surface. reflectivity: [N] in 0 to 1.

    Returns:
        noisy range [N], intensity [N] in 0 to 1 (corrected for distance, as sensors do), is it kept [N].
    """
    noisy = range_m + np.float32(spec.noise_m) * rng.standard_normal(len(range_m), dtype=np.float32)
    speckle = 1 + np.float32(0.12) * rng.standard_normal(len(range_m), dtype=np.float32)
    intensity = np.clip(reflectivity * (0.35 + 0.65 * facing) * speckle, 0, 1)
    far = range_m / np.float32(spec.max_range_m)
    lost = np.float32(spec.dropout) * (0.45 + 1.4 * (1 - intensity) ** 2 + 2.5 * far * far)
    return noisy, intensity, rng.random(len(range_m), dtype=np.float32) >= lost
