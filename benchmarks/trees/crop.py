"""A square of ground cut out of a raster at a fixed scale, and where map points fall in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from xmodal.benchmarks.trees.geo_image import Box, GeoImage

OUTSIDE = 0.5
BRIGHTEST = 255.0


@dataclass(frozen=True, slots=True)
class Crop:
    """A square of ground.

    Attributes:
        image: [3, S, S] in [0, 1], mid-grey beyond the raster's edge.
        raster: what it was cut from.
        corner_px: [2] its upper left corner in pixels of the raster, whole numbers.
        scale: [2] pixels of the image for each pixel of the raster, along u and v.
    """

    image: Tensor
    raster: GeoImage
    corner_px: NDArray[np.int64]
    scale: NDArray[np.float64]

    def uv_px(self, xy_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map points [..., 2] to pixels of the image [..., 2], corner-based; may lie outside."""
        return np.asarray((self.raster.uv_px(xy_m) - self.corner_px) * self.scale)

    def seen_uv_px(self, xy_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """As `uv_px`, but NaN for points outside the image or the raster."""
        uv_px = self.uv_px(xy_m)
        seen = self.raster.contains(xy_m) & ((uv_px >= 0) & (uv_px < self.image.shape[-1])).all(-1)
        return np.where(seen[..., None], uv_px, np.nan)

    def dimmed_around(self, box_m: Box, brightness: float) -> Tensor:
        """The image with all but the map rectangle `box_m` darkened by the factor `brightness`.

        A pixel counts as inside when its centre is.
        """
        x_min, y_min, x_max, y_max = box_m
        (u_min, v_min), (u_max, v_max) = self.uv_px(np.array([[x_min, y_max], [x_max, y_min]])).tolist()
        centre = torch.arange(self.image.shape[-1]) + 0.5
        column, row = (centre >= u_min) & (centre <= u_max), (centre >= v_min) & (centre <= v_max)
        return torch.where(row[:, None] & column, self.image, self.image * brightness)


def crop(raster: GeoImage, centre_m: NDArray[np.float64], side_m: float, image_px: int) -> Crop:
    """Cut the square of `side_m` around `centre_m` [2], to the nearest whole pixel, and scale it to `image_px`."""
    n_columns = max(round(side_m / raster.pixel_m[0]), 1)
    n_rows = max(round(side_m / raster.pixel_m[1]), 1)
    size = np.array([n_columns, n_rows])
    corner = np.rint(raster.uv_px(centre_m) - size / 2).astype(np.int64)
    image = torch.from_numpy(_cut(raster.pixels, corner, size) / BRIGHTEST)
    scaled = interpolate(image[None], (image_px, image_px), mode="bilinear", antialias=True)[0].clamp(0, 1)
    return Crop(scaled, raster, corner, image_px / size)


def _cut(pixels: NDArray[np.float32], corner: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.float32]:
    """[3, rows, columns] from `corner` (column, row) on, which may lie outside."""
    left, top = corner.tolist()
    right, bottom = (corner + size).tolist()
    out = np.full((len(pixels), bottom - top, right - left), OUTSIDE * BRIGHTEST, dtype=np.float32)
    part = pixels[:, max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    row, column = max(-top, 0), max(-left, 0)
    out[:, row : row + part.shape[1], column : column + part.shape[2]] = part
    return out
