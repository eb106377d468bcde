"""A square of ground cut out of a raster at a fixed scale, and where map points fall in it."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from xmodal.benchmarks.trees.geo_image import GeoImage

OUTSIDE = 0.5
BRIGHTEST = 255.0


def crop(
    raster: GeoImage, centre_m: NDArray[np.float64], xy_m: NDArray[np.float64], side_m: float, image_px: int
) -> tuple[Tensor, NDArray[np.float64]]:
    """Cut and scale the square of `side_m` around `centre_m` [2], to the nearest whole pixel of the raster.

    Args:
        xy_m: [P, 2] map points.

    Returns:
        image [3, image_px, image_px] in [0, 1], mid-grey beyond the raster's edge, and uv_px [P, 2]: where the points
        lie in it, corner-based, NaN for those outside the square or the raster.
    """
    n_columns = max(round(side_m / raster.pixel_m[0]), 1)
    n_rows = max(round(side_m / raster.pixel_m[1]), 1)
    size = np.array([n_columns, n_rows])
    corner = np.rint(raster.uv_px(centre_m) - size / 2).astype(np.int64)
    image = torch.from_numpy(_cut(raster.pixels, corner, size) / BRIGHTEST)
    scaled = interpolate(image[None], (image_px, image_px), mode="bilinear", antialias=True)[0].clamp(0, 1)
    uv_px = (raster.uv_px(xy_m) - corner) * (image_px / size)
    seen = raster.contains(xy_m) & ((uv_px >= 0) & (uv_px < image_px)).all(-1)
    return scaled, np.where(seen[:, None], uv_px, np.nan)


def _cut(pixels: NDArray[np.float32], corner: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.float32]:
    """[3, rows, columns] from `corner` (column, row) on, which may lie outside."""
    left, top = corner.tolist()
    right, bottom = (corner + size).tolist()
    out = np.full((len(pixels), bottom - top, right - left), OUTSIDE * BRIGHTEST, dtype=np.float32)
    part = pixels[:, max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    row, column = max(-top, 0), max(-left, 0)
    out[:, row : row + part.shape[1], column : column + part.shape[2]] = part
    return out
