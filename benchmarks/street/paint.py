"""Colours, patterns and materials: one common stock for all classes, so that no paint gives a class away.

As outdoors, a class has habits: nearly every object chooses from a few favourite colours and patterns, which
other classes favour too; one in twenty chooses anything. LiDAR materials have no habits at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from xmodal.benchmarks.street.spec import F32, I8, I32, Bool

_STOCK: F32 = np.array(
    [
        [0.55, 0.55, 0.54],
        [0.36, 0.36, 0.37],
        [0.20, 0.20, 0.22],
        [0.75, 0.73, 0.70],
        [0.62, 0.52, 0.40],
        [0.42, 0.30, 0.22],
        [0.52, 0.26, 0.20],
        [0.26, 0.36, 0.20],
        [0.40, 0.46, 0.26],
        [0.22, 0.30, 0.44],
        [0.45, 0.52, 0.58],
        [0.66, 0.58, 0.32],
    ],
    dtype=np.float32,
)
_SIDE = 64
_HABIT = 0.95
"""How often an object follows its class's habits."""
_FAVOURITE_COLOURS = np.array(
    [
        [1, 2, 1],  # road: dark greys
        [0, 3, 0],  # sidewalk: light greys
        [6, 3, 4],  # building: brick, plaster, sand
        [5, 4, 0],  # fence: wood, sand, grey
        [7, 8, 7],  # vegetation: greens
        [1, 0, 10],  # pole: greys, steel
        [2, 9, 10],  # car: black, blue, steel
        [3, 11, 9],  # truck: white, yellow, blue
        [9, 6, 2],  # pedestrian: blue, red, black
    ]
)
"""[C, 3] rows of `_STOCK`."""
_FAVOURITE_PATTERNS = np.array([[0, 4], [3, 0], [3, 2], [1, 2], [4, 5], [0, 2], [0, 0], [2, 0], [0, 2]])
"""[C, 2] numbers of patterns, as in `draw_paints`."""


@dataclass(frozen=True, slots=True)
class Paints:
    """What surfaces look like, one row a paint.

    Attributes:
        colour, second: [Q, 3] albedo, and the albedo inside the pattern.
        bars, bands, spots: [Q] bool: the pattern is where all of those that are set hold (two: bricks or windows).
        period_m: [Q, 2] of bars and of bands. share: [Q, 2] of a period that the pattern fills.
        grain: [Q] strength of the fine texture. phase_m: [Q, 3] where the texture starts.
        reflectivity: [Q] in the LiDAR's light, 0 to 1.
        echo_db: [Q] how much stronger than its class's usual the material answers a radar.
    """

    colour: F32
    second: F32
    bars: Bool
    bands: Bool
    spots: Bool
    period_m: F32
    share: F32
    grain: F32
    phase_m: F32
    reflectivity: F32
    echo_db: F32


def draw_paints(rng: np.random.Generator, wearer: I8) -> Paints:
    """One paint for each entry of wearer [Q], the class that will wear it (it steers habits, see above)."""
    count = len(wearer)
    u = rng.random((count, 16), dtype=np.float32)
    stock = rng.integers(len(_STOCK), size=(2, count))
    habit = rng.random((2, count)) < _HABIT
    stock[0] = np.where(habit[0], _FAVOURITE_COLOURS[wearer, rng.integers(3, size=count)], stock[0])
    colours = _STOCK[stock]
    colours *= 0.75 + 0.5 * u[:, :1]
    pattern = rng.integers(7, size=count)  # 0 and 6: plain; 1..5: bars, bands, both, spots, spots within bands
    pattern = np.where(habit[1], _FAVOURITE_PATTERNS[wearer, rng.integers(2, size=count)], pattern)
    return Paints(
        colour=colours[0] + 0.08 * (u[:, 1:4] - 0.5),
        second=0.4 * colours[0] + 0.6 * colours[1],
        bars=np.isin(pattern, (1, 3)),
        bands=np.isin(pattern, (2, 3, 5)),
        spots=np.isin(pattern, (4, 5)),
        period_m=0.5 + 2.5 * u[:, 4:6] ** 2,
        share=0.3 + 0.3 * u[:, 6:8],
        grain=0.03 + 0.14 * u[:, 8],
        phase_m=20 * u[:, 9:12],
        reflectivity=0.08 + 0.85 * u[:, 12] ** 1.3,
        echo_db=8 * (u[:, 13] - np.float32(0.5)),
    )


def albedo(paints: Paints, which: I32, local: F32, up: F32) -> F32:
    """Colour [N, 3] of surface places.

    Args:
        which: [N] the paint.
        local: [3, N] metres in axes fixed to the surface's owner, so that the texture moves with it.
        up: [N] the normal's vertical part: patterns run along walls and across floors.
    """
    flat = np.abs(up) > 0.7
    along = np.where(flat, local[0], local[0] + local[1])
    across = np.where(flat, local[1], local[2])
    phase = paints.phase_m[which]
    noise = _noise(local + phase.T)
    period, share = paints.period_m[which], paints.share[which]
    inside = ~paints.bars[which] | (_fraction(along / period[:, 0]) < share[:, 0])
    inside &= ~paints.bands[which] | (_fraction(across / period[:, 1]) < share[:, 1])
    inside &= ~paints.spots[which] | (_noise(local * 0.3 + phase.T) > 0.3)
    inside &= (paints.bars | paints.bands | paints.spots)[which]
    colour = np.where(inside[:, None], paints.second[which], paints.colour[which])
    colour *= np.clip(1 + paints.grain[which] * noise, 0.2, 2)[:, None]
    return np.asarray(np.clip(colour, 0.02, 1.0))


def _fraction(x: F32) -> F32:
    return np.asarray(x - np.floor(x))


@cache
def _volume() -> F32:
    """Cloudy noise [64^3] that tiles, mean 0, standard deviation 1: all of the world's texture is cut from it."""
    white = np.random.default_rng(7).standard_normal((_SIDE,) * 3)
    wave = np.fft.fftfreq(_SIDE) * _SIDE
    frequency = np.sqrt(sum(np.meshgrid(wave**2, wave**2, wave**2)))
    spectrum = np.fft.fftn(white) / np.maximum(frequency, 1) ** 1.6
    spectrum[0, 0, 0] = 0
    cloudy = np.fft.ifftn(spectrum).real.ravel()
    return np.asarray(cloudy / cloudy.std(), dtype=np.float32)


def _noise(at_m: F32) -> F32:
    cell = (at_m * np.float32(8)).astype(np.int32) & (_SIDE - 1)
    return np.asarray(_volume()[(cell[0] * _SIDE + cell[1]) * _SIDE + cell[2]])
