"""A bad photograph of a handwritten digit: warped, scribbled over, unevenly lit, out of focus, noisy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

IMAGE_PX = 32
CONTRAST = (0.25, 0.7)
ROTATION_DEG, SLANT, SHIFT_PX = 12.0, 0.35, 3.5
SCALE = (0.75, 1.05)
PEN = (0.55, 1.8)
"""Exponent on the ink: below 1 the strokes look thicker, above 1 thinner."""
MOST_SCRIBBLES, BLUR_PX, NOISE = 2, (0.3, 1.3), (0.02, 0.1)
NEGATIVE = 0.1
"""Share of photographs with light ink on dark paper."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Photo:
    """image [3, IMAGE_PX, IMAGE_PX] uint8, and what a person would say of it.

    pen: the exponent; lean: slant and rotation together, above 0 to the right; blur_px; negative: light on dark.
    """

    image: NDArray[np.uint8]
    pen: float
    lean: float
    blur_px: float
    negative: bool


def photograph(ink: Array, rng: np.random.Generator) -> Photo:
    """Photograph the ink [8, 8] in [0, 1] of one digit.

    Drawn uniformly from the module's ranges: pen, rotation, slant, scale and shift; up to 2 scribbles across it, each
    with ink or as a scratch that shows the paper; colours of paper and ink; a gradient of light; blur; noise.
    """
    pen = float(np.exp(rng.uniform(*np.log(PEN))))
    degrees, slant = float(rng.uniform(-ROTATION_DEG, ROTATION_DEG)), float(rng.uniform(-SLANT, SLANT))
    mask = _warped(ink**pen, degrees, slant, rng)
    for _ in range(int(rng.integers(0, MOST_SCRIBBLES + 1))):
        line, opaque = _scribble(rng), rng.uniform(0.5, 1.0)
        mask = np.maximum(mask, opaque * line) if rng.uniform() < 0.6 else mask * (1 - opaque * line)
    negative = bool(rng.uniform() < NEGATIVE)
    blur_px = float(rng.uniform(*BLUR_PX))
    paper, pigment = _colours(negative, rng)
    sharp = paper[:, None, None] + (pigment - paper)[:, None, None] * mask
    lit = sharp * _light(rng)
    seen = _blurred(lit, blur_px) + rng.normal(0, rng.uniform(*NOISE), lit.shape)
    image = (255 * seen.clip(0, 1)).round().astype(np.uint8)
    return Photo(image, pen, lean=slant + float(np.deg2rad(degrees)), blur_px=blur_px, negative=negative)


def _warped(ink: Array, degrees: float, slant: float, rng: np.random.Generator) -> Array:
    """[IMAGE_PX, IMAGE_PX] in [0, 1]: the ink enlarged, turned clockwise and slanted to the right."""
    angle, scale = np.deg2rad(degrees), rng.uniform(*SCALE)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    # From image to ink: x to the right and y down, both in [-1, 1].
    inverse = np.array([[1.0, slant], [0.0, 1.0]]) @ turn / scale
    shift = inverse @ (rng.uniform(-SHIFT_PX, SHIFT_PX, 2) * 2 / IMAGE_PX)
    theta = torch.from_numpy(np.column_stack([inverse, shift])).unsqueeze(0)  # [1, 2, 3]
    grid = F.affine_grid(theta, [1, 1, IMAGE_PX, IMAGE_PX], align_corners=False)
    wide = torch.from_numpy(ink)[None, None]
    warped = F.grid_sample(wide, grid, mode="bicubic", padding_mode="zeros", align_corners=False)
    return np.asarray(warped[0, 0].clamp(0, 1).numpy())


def _scribble(rng: np.random.Generator) -> Array:
    """[IMAGE_PX, IMAGE_PX] in [0, 1]: a straight stroke of the pen, 1 to 3 pixels wide."""
    (x0, y0), (x1, y1) = rng.uniform(0, IMAGE_PX, (2, 2))
    y, x = np.mgrid[:IMAGE_PX, :IMAGE_PX] + 0.5
    length = max(float(np.hypot(x1 - x0, y1 - y0)), 1e-6)
    along = (((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length**2).clip(0, 1)
    far = np.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0))
    return np.asarray((rng.uniform(1.0, 2.0) - far).clip(0, 1))


def _colours(negative: bool, rng: np.random.Generator) -> tuple[Array, Array]:
    """Paper and ink, [3] each: ink and paper differ by a contrast, and both by a tint."""
    contrast = rng.uniform(*CONTRAST)
    dark = rng.uniform(0.05, 0.95 - contrast)
    light = dark + contrast
    paper, pigment = (dark, light) if negative else (light, dark)
    return paper + rng.normal(0, 0.03, 3), pigment + rng.normal(0, 0.03, 3)


def _light(rng: np.random.Generator) -> Array:
    """[IMAGE_PX, IMAGE_PX]: brightness falls off in a random direction, by up to half from side to side."""
    angle, fall = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.5)
    y, x = (np.mgrid[:IMAGE_PX, :IMAGE_PX] + 0.5) / IMAGE_PX - 0.5
    return np.asarray(1 + fall * (np.cos(angle) * x + np.sin(angle) * y))


def _blurred(image: Array, sigma_px: float) -> Array:
    """Gaussian blur of [3, H, W]; beyond the edges the border goes on."""
    place = np.arange(IMAGE_PX)
    weight = np.exp(-0.5 * ((place[:, None] - place) / sigma_px) ** 2)
    weight /= weight.sum(1, keepdims=True)
    return np.asarray(weight @ image @ weight.T)
