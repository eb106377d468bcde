"""What the simulated street is made of: its classes, its sensors' settings, the types of its arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xmodal.errors import ConfigError

F32 = NDArray[np.float32]
I8 = NDArray[np.int8]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

CLASSES: tuple[str, ...] = (
    "road",
    "sidewalk",
    "building",
    "fence",
    "vegetation",
    "pole",
    "car",
    "truck",
    "pedestrian",
)
ROAD, SIDEWALK, BUILDING, FENCE, VEGETATION, POLE, CAR, TRUCK, PEDESTRIAN = range(len(CLASSES))
SKY = -1
"""The label of what no sensor hits; ignored in training and in every metric."""

PALETTE: U8 = np.array(
    [
        [110, 80, 120],
        [235, 90, 200],
        [120, 120, 120],
        [200, 150, 90],
        [70, 150, 50],
        [240, 220, 40],
        [40, 90, 220],
        [60, 210, 220],
        [225, 40, 50],
    ],
    dtype=np.uint8,
)
"""[C, 3] RGB of each class, for pictures only."""

CONDITIONS: tuple[str, ...] = ("day", "dusk", "night", "fog")
CONDITION_SHARES = (0.4, 0.2, 0.2, 0.2)
PATCH_PX = 8
"""Side of the patches of `Scene.clean_seen`."""


@dataclass(frozen=True, slots=True)
class StreetSpec:
    """The two sensors.

    Attributes:
        image_px: (H, W), both multiples of 8.
        fov_deg: horizontal field of view of the camera.
        beams: number of LiDAR beams, spread evenly over `elevation_deg` (lowest, highest).
        azimuth_step_deg: angle between two neighbouring firings of one beam.
        full_spin: scan all 360 degrees, not only the camera's horizontal view. What stands ahead is the same.
        max_range_m: returns from farther away are lost.
        noise_m: standard deviation of the range error.
        dropout: share of returns lost on a material of middling reflectivity nearby; dark and far ones lose more.
    """

    image_px: tuple[int, int] = (64, 192)
    fov_deg: float = 66.0
    beams: int = 32
    elevation_deg: tuple[float, float] = (-14.0, 10.0)
    azimuth_step_deg: float = 0.36
    full_spin: bool = False
    max_range_m: float = 80.0
    noise_m: float = 0.025
    dropout: float = 0.06

    def __post_init__(self) -> None:
        low, high = self.elevation_deg
        checks = {
            f"image_px in multiples of {PATCH_PX}": all(n > 0 and n % PATCH_PX == 0 for n in self.image_px),
            "fov_deg in (0, 150)": 0 < self.fov_deg < 150,
            "beams >= 1": self.beams >= 1,
            "azimuth_step_deg > 0": self.azimuth_step_deg > 0,
            "-90 < elevation_deg[0] <= elevation_deg[1] < 90": -90 < low <= high < 90,
            "max_range_m > 1": self.max_range_m > 1,
            "noise_m >= 0": self.noise_m >= 0,
            "dropout in [0, 1)": 0 <= self.dropout < 1,
        }
        broken = [rule for rule, holds in checks.items() if not holds]
        if broken:
            raise ConfigError(f"StreetSpec: expected {broken[0]}, found {self}")
