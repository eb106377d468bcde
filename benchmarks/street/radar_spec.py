"""The settings of the simulated 4-D radar."""

from __future__ import annotations

from dataclasses import dataclass

from xmodal.errors import ConfigError

RADAR_FORWARD_M, RADAR_HEIGHT_M = 1.6, 0.55
"""Where the radar sits: ahead of the LiDAR, in the bumper, above the road."""


@dataclass(frozen=True, slots=True)
class RadarSpec:
    """A forward-looking automotive radar that resolves range, azimuth, elevation and Doppler.

    Attributes:
        azimuth_deg: half of the field of view; cell_deg: (azimuth, elevation) width of a resolution cell.
        elevation_deg: (lowest, highest).
        rays: across and up in each cell; what they meet in one range cell adds up.
        range_cell_m, max_range_m: two things in one angular cell are told apart from range_cell_m on.
        reach_m: distance at which a thing of 0 dBsm is detected in 1 / e of the scans. The receiver's gain stops
            rising nearer than gain_from_m, so that faint things close by stay unseen.
        sidelobes_db: echoes that much weaker than the strongest one at their range drown in its sidelobes.
        noise_m, noise_deg, noise_mps: standard deviations of range, (azimuth, elevation) and radial velocity.
        false_alarms: mean number of detections of nothing a scan. ghosts: share of detections that come a second
            time by a detour.
    """

    azimuth_deg: float = 60.0
    elevation_deg: tuple[float, float] = (-6.0, 15.0)
    cell_deg: tuple[float, float] = (1.5, 3.0)
    rays: tuple[int, int] = (2, 1)
    range_cell_m: float = 0.6
    max_range_m: float = 90.0
    reach_m: float = 70.0
    gain_from_m: float = 15.0
    sidelobes_db: float = 22.0
    noise_m: float = 0.12
    noise_deg: tuple[float, float] = (0.6, 1.2)
    noise_mps: float = 0.12
    false_alarms: float = 5.0
    ghosts: float = 0.05

    def __post_init__(self) -> None:
        low, high = self.elevation_deg
        noises = (self.noise_m, *self.noise_deg, self.noise_mps)
        checks = {
            "azimuth_deg in (0, 90]": 0 < self.azimuth_deg <= 90,
            "-90 < elevation_deg[0] < elevation_deg[1] < 90": -90 < low < high < 90,
            "cell_deg > 0": min(self.cell_deg) > 0,
            "rays >= 1": min(self.rays) >= 1,
            "range_cell_m > 0": self.range_cell_m > 0,
            "max_range_m > 1": self.max_range_m > 1,
            "reach_m > 0": self.reach_m > 0,
            "gain_from_m >= 0": self.gain_from_m >= 0,
            "sidelobes_db > 0": self.sidelobes_db > 0,
            "noises >= 0": min(noises) >= 0,
            "false_alarms >= 0": self.false_alarms >= 0,
            "ghosts in [0, 1)": 0 <= self.ghosts < 1,
        }
        broken = [rule for rule, holds in checks.items() if not holds]
        if broken:
            raise ConfigError(f"RadarSpec: expected {broken[0]}, found {self}")
