"""A raster on the map: pixels, and the map coordinates of their corners."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]
"""(x_min, y_min, x_max, y_max) in metres."""


@dataclass(frozen=True, slots=True)
class GeoImage:
    """A north-up raster on a metric map.

    Attributes:
        pixels: [C, H, W] float32, as stored; C is 3 for RGB.
        corner_m: (x, y) of the upper left corner of the upper left pixel.
        pixel_m: (width, height) of a pixel, both above 0.
    """

    pixels: NDArray[np.float32]
    corner_m: tuple[float, float]
    pixel_m: tuple[float, float]

    def uv_px(self, xy_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map [..., 2] to pixels [..., 2]: u right, v down, (0, 0) the upper left corner; may lie outside."""
        return np.asarray((xy_m - np.array(self.corner_m)) / self._step_m())

    def xy_m(self, uv_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixels [..., 2] to map [..., 2]: the inverse of `uv_px`."""
        return np.asarray(uv_px * self._step_m() + np.array(self.corner_m))

    def contains(self, xy_m: NDArray[np.float64]) -> NDArray[np.bool_]:
        """[...] bool: which points [..., 2] lie on the raster."""
        uv = self.uv_px(xy_m)
        inside = (uv >= 0) & (uv < np.array([self.pixels.shape[2], self.pixels.shape[1]]))
        return np.asarray(inside.all(-1))

    def _step_m(self) -> NDArray[np.float64]:
        return np.array([self.pixel_m[0], -self.pixel_m[1]])
