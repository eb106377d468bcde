"""Light: from what the camera's rays hit to the picture that it records by day, at dusk, at night, in fog."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xmodal.benchmarks.street.cast import Hits, cast
from xmodal.benchmarks.street.paint import albedo
from xmodal.benchmarks.street.spec import F32, U8
from xmodal.benchmarks.street.world import World

_SUN_M = 300.0
"""The sun is a lamp this far away, so that the ray caster can send its shadow rays from one point."""


@dataclass(frozen=True, slots=True)
class Light:
    """What lights a scene; colours are linear RGB.

    Attributes:
        sun: colour. towards_sun: [3] unit vector. ambient: colour of the light from the whole sky.
        sky: colour of the sky above, and `horizon` low down.
        headlight: strength of the lamps beside the camera.
        haze_m: distance over which fog leaves 1/e; inf for clear air.
        noise: strength of the sensor's noise. gain: exposure of each channel.
    """

    sun: F32
    towards_sun: F32
    ambient: F32
    sky: F32
    horizon: F32
    headlight: float
    haze_m: float
    noise: float
    gain: F32


def _rgb(*values: float) -> F32:
    return np.array(values, dtype=np.float32)


_DARK = _rgb(0, 0, 0)


def draw_light(rng: np.random.Generator, condition: str) -> Light:
    """Lighting of one of `CONDITIONS`; direction, strength, haze and the camera's exposure differ each time."""
    u = rng.random(8).tolist()
    low = condition == "dusk"
    azimuth, elevation = 2 * np.pi * u[0], np.radians(5 + 12 * u[1] if low else 22 + 43 * u[1])
    level = np.cos(elevation)
    towards = _rgb(level * np.cos(azimuth), level * np.sin(azimuth), np.sin(elevation))
    gain = (0.75 + 0.6 * u[2]) * (1 + 0.12 * (rng.random(3, dtype=np.float32) - 0.5))
    if condition == "day":
        sky = _rgb(0.45, 0.62, 0.9) * (0.7 + 0.6 * u[3])
        sun, ambient = _rgb(0.8, 0.76, 0.68), _rgb(0.38, 0.42, 0.48)
        return Light(sun, towards, ambient, sky, sky * 0.4 + 0.5, 0, 400, 0.015, gain)
    if condition == "dusk":
        ambient, horizon = _rgb(0.2, 0.19, 0.25), _rgb(0.8, 0.45, 0.25)
        return Light(_rgb(0.55, 0.33, 0.18), towards, ambient, _rgb(0.22, 0.24, 0.4), horizon, 0, 200, 0.022, gain)
    if condition == "night":
        ambient, sky = _rgb(0.05, 0.056, 0.075) * (0.6 + u[3]), _rgb(0.015, 0.018, 0.03)
        return Light(_DARK, towards, ambient, sky, sky * 2.5, 1.1 + 0.8 * u[4], 300, 0.03, gain * 1.5)
    haze = _rgb(0.62, 0.64, 0.66) * (0.75 + 0.4 * u[3])
    return Light(_DARK, towards, _rgb(0.5, 0.51, 0.52), haze, haze, 0, 14 + 26 * u[5], 0.015, gain)


def shade(origin: F32, directions: F32, hits: Hits, world: World, light: Light) -> F32:
    """Linear RGB [N, 3] of rays from `origin` [3] along `directions` [N, 3] that gave `hits`."""
    up = np.clip(directions[:, 2:] * 2.5, 0, 1)
    out = light.horizon + (light.sky - light.horizon) * up
    seen = np.flatnonzero(hits.primitive >= 0)
    which, normal, range_m = hits.primitive[seen], hits.normal[seen], hits.range_m[seen]
    ray = directions[seen]
    at = origin + ray * range_m[:, None]
    colour = albedo(world.paints, world.paint[which], world.surface(which, at), normal[:, 2])
    glow = light.ambient * (0.7 + 0.3 * normal[:, 2:])
    if light.sun.any():
        glow += light.sun * sunlit(at, normal, world, light)[:, None]
    if light.headlight:
        facing = np.abs((normal * ray).sum(axis=1))
        beam = np.exp(-(((ray[:, 2] + 0.06) / 0.16) ** 2) - (ray[:, 1] / 0.75) ** 2)
        fall = light.headlight * 60 / (25 + range_m * range_m)
        glow += (_rgb(1.0, 0.93, 0.8) * (facing * (0.12 + beam) * fall)[:, None]).astype(np.float32)
    clear = np.exp(-range_m / np.float32(light.haze_m))[:, None]
    out[seen] = colour * glow * clear + light.horizon * (1 - clear)
    return np.asarray(out)


def sunlit(at: F32, normal: F32, world: World, light: Light) -> F32:
    """[N]: cosine to the sun, 0 in shadow."""
    cosine = np.maximum(normal @ light.towards_sun, 0)
    sun = light.towards_sun * np.float32(_SUN_M)
    facing = np.flatnonzero(cosine > 0)
    ray = at[facing] - sun
    distance = np.linalg.norm(ray, axis=1)
    hits = cast(sun, ray / distance[:, None], world)
    cosine[facing[hits.range_m < distance - np.float32(0.12)]] = 0
    return np.asarray(cosine)


def expose(linear: F32, light: Light, rng: np.random.Generator) -> U8:
    """The camera's response to linear RGB [H, W, 3]: gain, noise, gamma; gives [3, H, W]."""
    signal = linear * light.gain
    noise = rng.standard_normal(signal.shape, dtype=np.float32)
    signal += noise * (light.noise * np.sqrt(signal + np.float32(0.03)))
    np.clip(signal, 0, 1, out=signal)
    np.power(signal, np.float32(1 / 2.2), out=signal)
    return np.ascontiguousarray((signal * 255 + 0.5).astype(np.uint8).transpose(2, 0, 1))
