"""One random street: what stands where, what it is painted with, how it is lit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from xmodal.benchmarks.street.ground import Ground
from xmodal.benchmarks.street.layout import lay_out
from xmodal.benchmarks.street.paint import Paints, draw_paints
from xmodal.benchmarks.street.primitives import SLOTS, Placed, Primitives, assemble
from xmodal.benchmarks.street.spec import CONDITION_SHARES, CONDITIONS, F32, I8, I32, ROAD, SIDEWALK


@dataclass(frozen=True, slots=True)
class World:
    """Everything a sensor may meet. World frame: x forward, y left, z up, metres, road at z = 0.

    Attributes:
        solids: P primitives; row `road` = P and row `pavement` = P + 1 of label and paint are the ground's.
        label: [P + 2] class. paint: [P + 2] row of `paints`.
        condition: one of `CONDITIONS`.
        eye_m: height of the camera above the road.
        course: [objects] where an object moves to, in radians, NaN for what stands; empty where nothing moves. An
            object's primitives are those with its number as paint // SLOTS.
    """

    solids: Primitives
    ground: Ground
    label: I8
    paint: I32
    paints: Paints
    condition: str
    eye_m: float
    course: F32 = field(default_factory=lambda: np.zeros(0, dtype=np.float32))

    @property
    def road(self) -> int:
        return len(self.solids.kind)

    @property
    def pavement(self) -> int:
        return self.road + 1

    def surface(self, which: I32, at: F32) -> F32:
        """World places [N, 3] in axes fixed to what they lie on (`which` [N]): [3, N], textures are drawn in these."""
        solid = np.minimum(which, self.road - 1)
        x, y = self.solids.to_local(solid, at[:, 0], at[:, 1])
        ground = which >= self.road
        x = np.where(ground, at[:, 0], x)
        y = np.where(ground, at[:, 1] - self.ground.middle(at[:, 0]), y)
        return np.stack([x, y, at[:, 2]])


def make_world(rng: np.random.Generator) -> World:
    """Draw a street that leads on ahead, and the piece of it just passed."""
    u = rng.random(9).tolist()
    half_width = 3.4 + 4.6 * u[0]
    ground = Ground(
        offset_m=(u[1] - 0.5) * 1.5 * half_width,
        slope=(u[2] - 0.5) * 0.3,
        bend=(u[3] - 0.5) * 0.024,
        half_width_m=half_width,
        kerb_m=0.1 + 0.1 * u[4],
        crossing_m=12 + 35 * u[5] if u[6] < 0.4 else 1e4,
        crossing_half_m=2.5 + 3 * u[7],
    )
    objects = lay_out(rng, ground, start=2.0, end=90.0) + lay_out(rng, ground, start=-30.0, end=-3.0)
    solids = assemble(objects)
    grounds = len(objects) * SLOTS
    labels = np.array([o.label for o in objects], dtype=np.int8)
    wearer = np.append(np.repeat(labels, SLOTS), np.array([ROAD, SIDEWALK], dtype=np.int8))
    return World(
        solids=solids,
        ground=ground,
        label=np.append(solids.label, np.array([ROAD, SIDEWALK], dtype=np.int8)),
        paint=np.append(solids.paint, np.array([grounds, grounds + 1], dtype=np.int32)),
        paints=draw_paints(rng, wearer),
        condition=CONDITIONS[int(rng.choice(len(CONDITIONS), p=CONDITION_SHARES))],
        eye_m=1.2 + 0.9 * u[8],
        course=courses(objects),
    )


def courses(objects: Sequence[Placed]) -> F32:
    """[objects]: where each moves to, in radians, NaN for what stands."""
    return np.array([o.yaw if o.moves else np.nan for o in objects], dtype=np.float32)
