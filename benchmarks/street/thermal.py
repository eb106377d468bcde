"""A thermal camera: the temperature in degrees Celsius that each pixel shows in the long-wave infrared."""

from __future__ import annotations

import numpy as np

from xmodal.benchmarks.street.cast import Hits
from xmodal.benchmarks.street.motion import Motion
from xmodal.benchmarks.street.primitives import SLOTS
from xmodal.benchmarks.street.shading import Light, sunlit
from xmodal.benchmarks.street.spec import (
    BUILDING,
    CAR,
    F32,
    FENCE,
    I32,
    PEDESTRIAN,
    POLE,
    ROAD,
    SIDEWALK,
    TRUCK,
    VEGETATION,
)  # fmt: skip
from xmodal.benchmarks.street.world import World

_AIR_C = {"day": (12.0, 28.0), "dusk": (8.0, 20.0), "night": (0.0, 14.0), "fog": (3.0, 12.0)}
_SKY_BELOW_AIR_C = {"day": 45.0, "dusk": 42.0, "night": 40.0, "fog": 6.0}
"""A clear sky overhead is far colder than the air; fog shuts it out."""
_KEEPS_C = {ROAD: (3.5, 1.5), SIDEWALK: (2.0, 1.5), BUILDING: (3.0, 1.5), FENCE: (-0.5, 1.0), VEGETATION: (0.0, 0.7),
            POLE: (-0.5, 1.0), CAR: (-1.0, 1.0), TRUCK: (-1.0, 1.0), PEDESTRIAN: (0.0, 0.0)}  # fmt: skip
"""Above the air without sun: (mean, spread over objects). Mass stores the day's heat, metal radiates it away."""
_SUN_C = {ROAD: 16.0, SIDEWALK: 11.0, BUILDING: 9.0, FENCE: 9.0, VEGETATION: 2.5, POLE: 7.0, CAR: 14.0, TRUCK: 11.0,
          PEDESTRIAN: 2.5}  # fmt: skip
_SKIN_C, _CLOTHED_SHARE = 33.0, 0.5
_PARKED_WARM = 0.25
_GLASS = 0.45
"""Share of the sky that a window mirrors."""
_NETD_C, _COLUMN_C = 0.08, 0.12
_FOG_M = 90.0


def thermal_image(values: F32, rng: np.random.Generator) -> F32:
    """What the sensor makes of true temperatures [H, W]: [1, H, W], blurred by the lens, with noise of pixels and
    columns."""
    padded = np.pad(values, 1, mode="edge")
    rows = 0.15 * (padded[:-2] + padded[2:]) + 0.7 * padded[1:-1]
    blurred = 0.15 * (rows[:, :-2] + rows[:, 2:]) + 0.7 * rows[:, 1:-1]
    noise = _NETD_C * rng.standard_normal(blurred.shape) + _COLUMN_C * rng.standard_normal(blurred.shape[1])
    return np.asarray((blurred + noise)[None], dtype=np.float32)


def temperatures(
    origin: F32, directions: F32, hits: Hits, world: World, light: Light, motion: Motion, rng: np.random.Generator
) -> F32:
    """[N] degrees Celsius of rays from `origin` [3] along `directions` [N, 3] that gave `hits`."""
    low, high = _AIR_C[world.condition]
    air = low + (high - low) * float(rng.random())
    overhead = air - _SKY_BELOW_AIR_C[world.condition]
    out = (air - 4) + (overhead - air + 4) * np.sqrt(np.clip(directions[:, 2], 0, 1))
    seen = np.flatnonzero(hits.primitive >= 0)
    which, normal = hits.primitive[seen], hits.normal[seen]
    at = origin + directions[seen] * hits.range_m[seen, None]
    own = air + _offsets(world, rng)[which]
    if light.sun.any():
        strength = 1.0 if world.condition == "day" else 0.35
        own += strength * _table(_SUN_C)[world.label[which]] * sunlit(at, normal, world, light)
    own += _engines(world, motion, which, at, rng)
    own = _bodies(own, world, which, air)
    own = np.where(_glass(world, which), (1 - _GLASS) * own + _GLASS * (overhead + 15), own)
    clear = np.exp(-hits.range_m[seen] / np.float32(_FOG_M)) if world.condition == "fog" else 1.0
    out[seen] = air - 1 + (own - air + 1) * clear
    return np.asarray(out, dtype=np.float32)


def _table(values: dict[int, float]) -> F32:
    return np.array([values[label] for label in sorted(values)], dtype=np.float32)


def _offsets(world: World, rng: np.random.Generator) -> F32:
    """[P + 2]: how far each surface lies above the air; one draw a paint, so that an object's parts differ."""
    draw = rng.standard_normal(int(world.paint.max()) + 1, dtype=np.float32)
    mean, spread = (_table({k: v[i] for k, v in _KEEPS_C.items()}) for i in (0, 1))
    return np.asarray(mean[world.label] + spread[world.label] * draw[world.paint])


def _engines(world: World, motion: Motion, which: I32, at: F32, rng: np.random.Generator) -> F32:
    """[N]: warmth of bonnets, underbodies and tyres of what drives, and of some of what was parked lately."""
    objects = int(world.paint.max()) // SLOTS + 1
    drawn = rng.random((2, objects), dtype=np.float32)
    driving = np.zeros(objects, dtype=np.bool_)
    driving[: len(world.course)] = np.isfinite(world.course)
    heat = np.where(driving | (drawn[0] < _PARKED_WARM), 0.4 + 0.6 * drawn[1], 0)[world.paint[which] // SLOTS]
    heat = np.where(np.isin(world.label[which], (CAR, TRUCK)), heat, 0)
    forward, _, up = world.surface(which, at)
    slot = world.paint[which] % SLOTS
    bonnet = 14 * np.clip(forward / 1.5 - 0.2, 0, 1) * (up < 1.4) * (slot != 1)
    return np.asarray(heat * (bonnet + 12 * (slot == 3) + 8 * np.clip(0.6 - up, 0, 0.6)))


def _bodies(own: F32, world: World, which: I32, air: float) -> F32:
    """Pedestrians: heads show skin, clothes lie between skin and air, bags take the air's temperature."""
    slot = world.paint[which] % SLOTS
    share = np.array([_CLOTHED_SHARE, _CLOTHED_SHARE - 0.1, 0.9, 0.1], dtype=np.float32)[slot]
    return np.where(world.label[which] == PEDESTRIAN, own + share * (_SKIN_C - air), own)


def _glass(world: World, which: I32) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """[N]: is it the window of a car or bus?"""
    return np.asarray((world.label[which] == CAR) & (world.paint[which] % SLOTS == 1))
