"""Height above the local ground: elevations less a smooth surface through the ground points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from xmodal.modalities.lidar.las import GROUND, HIGH_NOISE, LOW_NOISE, LasPoints

CELL_M = 2.0
SMOOTH_M = 2.0
FEWEST = 20
LOWEST_M, HIGHEST_M = -2.0, 60.0
Floats = NDArray[np.float64]


def height_above_ground(points: LasPoints) -> tuple[Floats, NDArray[np.bool_]]:
    """Height of every point, and which points to believe.

    Ground is the class "ground" of the file where at least 20 points have it, else the lowest point of each cell of
    2 m. A plane is fitted, then what remains is averaged in the cells and smoothed by a Gaussian of 2 m.

    Returns:
        [P] float64 metres above the ground, and [P] bool: False for points of a noise class and for those below -2 m
        or above 60 m (birds, multiple reflections), where no tree of the data can reach.
    """
    xyz = points.xyz_m - points.xyz_m.mean(0)
    real = (points.classification != LOW_NOISE) & (points.classification != HIGH_NOISE)
    ground = real & (points.classification == GROUND)
    low = xyz[ground] if ground.sum() >= FEWEST else _lowest_of_cells(xyz[real])
    height = xyz[:, 2] - _surface(low, xyz[:, :2])
    return height, real & (height >= LOWEST_M) & (height <= HIGHEST_M)


def _lowest_of_cells(xyz: Floats) -> Floats:
    """[cells, 3]; the lowest but for 2 % of the points, since stray echoes lie below the ground."""
    column, row = np.floor((xyz[:, :2] - xyz[:, :2].min(0)) / CELL_M).astype(np.int64).T
    cells = np.unique(row * (column.max() + 1) + column, return_inverse=True)[1]
    lowest = []
    for cell in range(cells.max() + 1):
        own = xyz[cells == cell]
        lowest.append(own[np.argsort(own[:, 2])[int(0.02 * len(own))]])
    return np.array(lowest)


def _surface(ground: Floats, xy: Floats) -> Floats:
    """[P]: elevation of the ground at xy [P, 2]."""
    design = np.column_stack([ground[:, :2], np.ones(len(ground))])
    plane = np.linalg.lstsq(design, ground[:, 2], rcond=None)[0]
    rest = ground[:, 2] - design @ plane
    edges = [np.arange(xy[:, k].min(), xy[:, k].max() + 2 * CELL_M, CELL_M) for k in (0, 1)]
    count = np.histogram2d(ground[:, 0], ground[:, 1], bins=edges)[0]
    total = np.histogram2d(ground[:, 0], ground[:, 1], bins=edges, weights=rest)[0]
    occupied = count > 0
    mean = total / np.maximum(count, 1)  # [columns, rows], 0 in empty cells
    # A Gaussian is a product over x and y: two small matrices instead of one weight for each point and cell.
    weight_x, weight_y = (_gaussian(xy[:, k], edges[k][:-1] + CELL_M / 2) for k in (0, 1))
    near = ((weight_x @ occupied) * weight_y).sum(1)
    rest_there = ((weight_x @ mean) * weight_y).sum(1) / np.maximum(near, 1e-12)  # far from all ground: the plane
    return np.asarray(xy @ plane[:2] + plane[2] + rest_there)


def _gaussian(x: Floats, centre: Floats) -> Floats:
    return np.asarray(np.exp(-((x[:, None] - centre) ** 2) / (2 * SMOOTH_M**2)))
