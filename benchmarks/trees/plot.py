"""One plot of 20 x 20 m: its image, its points above the local ground, and what lies inside a crown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xmodal.benchmarks.trees.crowns import Crown
from xmodal.benchmarks.trees.geo_image import GeoImage
from xmodal.benchmarks.trees.ground import height_above_ground
from xmodal.benchmarks.trees.layout import point_cloud, rgb_raster
from xmodal.errors import DataError
from xmodal.modalities.lidar.las import LasPoints, read_las

FEWEST_POINTS, FEWEST_PIXELS = 3, 3
BRIGHTEST_ECHO = 4.0


@dataclass(frozen=True, slots=True)
class Plot:
    """What was measured from the air; noise points are left out.

    Attributes:
        raster: the image.
        xyz_m: [P, 3]: map x, map y, height above the local ground.
        features: [P, 2]: intensity over the plot's median, clipped to 4; return number over number of returns.
    """

    raster: GeoImage
    xyz_m: NDArray[np.float64]
    features: NDArray[np.float64]


def read_plot(root: Path, name: str, raster: GeoImage) -> Plot:
    """The plot `name`, whose image was read already.

    Raises:
        DataError: the points break their format, or the image holds values beyond 0 to 255.
    """
    if raster.pixels.min() < 0 or raster.pixels.max() > 255:
        found = f"{raster.pixels.min()} to {raster.pixels.max()}"
        raise DataError(f"{rgb_raster(root, name)}: pixels", expected="values from 0 to 255", found=found)
    points = read_las(point_cloud(root, name))
    height, keep = height_above_ground(points)
    xyz_m = np.column_stack([points.xyz_m[:, :2], height])
    return Plot(raster, xyz_m[keep], _features(points)[keep])


def _features(points: LasPoints) -> NDArray[np.float64]:
    # The two sites flew different sensors, whose intensities differ tenfold: hence relative to the plot.
    intensity = points.intensity / max(float(np.median(points.intensity)), 1e-6)
    share = points.return_number / np.maximum(points.number_of_returns, 1)
    return np.column_stack([intensity.clip(0, BRIGHTEST_ECHO), share.clip(0, 1)]).astype(np.float64)


def inside(crown: Crown, xy_m: NDArray[np.float64]) -> NDArray[np.bool_]:
    """[P] bool: which map points [P, 2] lie in the crown's rectangle."""
    x_min, y_min, x_max, y_max = crown.box_m
    within = (xy_m >= np.array([x_min, y_min])) & (xy_m <= np.array([x_max, y_max]))
    return np.asarray(within.all(-1))


def usable(crown: Crown, plot: Plot) -> bool:
    """Whether the rectangle holds at least 3 points and the centres of 3 pixels."""
    x_min, y_min, x_max, y_max = crown.box_m
    _, height, width = plot.raster.pixels.shape
    corners = plot.raster.uv_px(np.array([[x_min, y_max], [x_max, y_min]]))  # upper left, lower right
    first = np.ceil(corners[0] - 0.5).clip(0)
    last = np.minimum(np.floor(corners[1] - 0.5), [width - 1, height - 1])
    n_pixels = int((last - first + 1).clip(0).prod())
    return int(inside(crown, plot.xyz_m[:, :2]).sum()) >= FEWEST_POINTS and n_pixels >= FEWEST_PIXELS
