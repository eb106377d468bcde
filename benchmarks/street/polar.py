"""Detections as a radar measures them: range, two angles, radial velocity, strength."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from xmodal.benchmarks.street.radar_spec import RadarSpec
from xmodal.benchmarks.street.spec import F32


@dataclass(frozen=True, slots=True)
class Polar:
    """[Q] each: range_m; azimuth and elevation in radians; speed_mps, positive away from the radar; rcs_db in dBsm."""

    range_m: F32
    azimuth: F32
    elevation: F32
    speed_mps: F32
    rcs_db: F32

    @staticmethod
    def join(parts: Sequence[Polar]) -> Polar:
        """Several sets as one."""
        return Polar(*(np.concatenate([getattr(p, f.name) for p in parts]).astype(np.float32) for f in fields(Polar)))

    def noisy(self, spec: RadarSpec, rng: np.random.Generator) -> Polar:
        """With the errors of the measurement."""
        noise = rng.standard_normal((5, len(self.range_m)), dtype=np.float32)
        turn = np.radians(np.array(spec.noise_deg, dtype=np.float32))
        return Polar(
            np.maximum(self.range_m + np.float32(spec.noise_m) * noise[0], np.float32(0.1)),
            self.azimuth + turn[0] * noise[1],
            self.elevation + turn[1] * noise[2],
            self.speed_mps + np.float32(spec.noise_mps) * noise[3],
            self.rcs_db + noise[4],
        )


def directions_of(azimuth: F32, elevation: F32) -> F32:
    """[N, 3] unit vectors: azimuth counts to the left, elevation upward, in radians."""
    level = np.cos(elevation)
    parts = level * np.cos(azimuth), level * np.sin(azimuth), np.sin(elevation)
    return np.stack(parts, axis=1).astype(np.float32)


def spherical(directions: F32) -> tuple[F32, F32]:
    """Azimuth and elevation [N] of unit vectors [N, 3]."""
    return np.arctan2(directions[:, 1], directions[:, 0]), np.arcsin(np.clip(directions[:, 2], -1, 1))
