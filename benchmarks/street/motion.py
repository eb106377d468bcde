"""Who moves how fast in a street: the car that carries the sensors, other traffic, pedestrians."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xmodal.benchmarks.street.primitives import SLOTS
from xmodal.benchmarks.street.spec import F32, PEDESTRIAN
from xmodal.benchmarks.street.world import World

FASTEST_MPS = 14.0
_HALTED = 0.2
"""Share of vehicles and pedestrians in the street that stand at the moment."""


@dataclass(frozen=True, slots=True)
class Motion:
    """Velocities over ground.

    Attributes:
        velocity_mps: [P + 2, 3] of each row of `World.label`, world frame.
        ego_mps: [3] of the car at the LiDAR's place, in its own axes (x forward).
        yaw_rate_radps: how fast the car turns to the left.
    """

    velocity_mps: F32
    ego_mps: F32
    yaw_rate_radps: float

    def at(self, lever_m: F32) -> F32:
        """[3] m/s: the velocity of a sensor mounted at lever_m [3] from the LiDAR, in the car's axes."""
        turning = np.array([-lever_m[1], lever_m[0], 0], dtype=np.float32) * np.float32(self.yaw_rate_radps)
        return np.asarray(self.ego_mps + turning)


def draw_motion(rng: np.random.Generator, world: World) -> Motion:
    """Vehicles drive up to 14 m/s along their course, pedestrians walk up to 1.8 m/s; some halt."""
    ego, turn = FASTEST_MPS * float(rng.random()) ** 0.7, 0.12 * (float(rng.random()) - 0.5)
    velocity = np.zeros((len(world.label), 3), dtype=np.float32)
    count = len(world.course)
    if count:
        u = rng.random((count, 3), dtype=np.float32)
        owner = world.solids.paint // SLOTS
        walks = np.zeros(count, dtype=np.bool_)
        walks[owner] = world.solids.label == PEDESTRIAN
        speed = np.where(walks, 0.6 + 1.2 * u[:, 0], 2 + (FASTEST_MPS - 2) * u[:, 0])
        speed[np.isnan(world.course) | (u[:, 1] < _HALTED)] = 0
        course = np.nan_to_num(world.course)
        velocity[: world.road, 0] = (speed * np.cos(course))[owner]
        velocity[: world.road, 1] = (speed * np.sin(course))[owner]
    return Motion(velocity, np.array([ego, 0, 0], dtype=np.float32), turn if ego > 0.5 else 0.0)
