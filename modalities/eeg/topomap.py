"""A map of the head from above: values at the electrodes, smoothly joined by a thin-plate spline.

Duchon: Splines minimizing rotation-invariant semi-norms in Sobolev spaces, 1977; electrodes are laid flat by their
angle from the vertex (azimuthal equidistant), so that the circle is the level of the ears.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Polygon
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_PIXELS = 120
_CENTRE_HEIGHT_M = 0.04
"""The centre of the sphere that fits the electrodes lies about this far above the line between the ears."""


def flat_places(positions_m: Floats) -> Floats:
    """[C, 3] x right, y front, z up in metres -> [C, 2] on the map: nose at (0, 1), right ear at (1, 0)."""
    xyz = positions_m - (0.0, 0.0, _CENTRE_HEIGHT_M)
    level = np.hypot(xyz[:, 0], xyz[:, 1])
    angle = np.arctan2(level, xyz[:, 2]) / (np.pi / 2)
    direction = xyz[:, :2] / np.maximum(level, 1e-12)[:, None]
    return np.asarray(direction * angle[:, None], dtype=np.float64)


def thin_plate(places: Floats, values: Floats, at: Floats) -> Floats:
    """The smoothest surface through `values` [C] at `places` [C, 2], read at `at` [N, 2].

    f(x) = sum_i w_i r_i^2 log r_i + a + b x + c y, with sum w = 0 and sum w x = 0.
    """
    count = len(places)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = _bending(places, places)
    system[:count, count] = system[count, :count] = 1
    system[:count, count + 1 :] = places
    system[count + 1 :, :count] = places.T
    weights = np.linalg.lstsq(system, np.append(values, np.zeros(3)), rcond=None)[0]
    plane = np.column_stack([np.ones(len(at)), at]) @ weights[count:]
    return np.asarray(_bending(at, places) @ weights[:count] + plane, dtype=np.float64)


def draw_topomap(axes: Axes, positions_m: Floats, values: Floats, title: str) -> None:
    """Colour the head by `values` [C] at `positions_m` [C, 3] (NaN: left out), nose up, with a colour scale."""
    known = np.isfinite(positions_m).all(1) & np.isfinite(values)
    places, values = flat_places(positions_m[known]), values[known]
    line = np.linspace(-1.15, 1.15, _PIXELS)
    x, y = np.meshgrid(line, line)
    surface = thin_plate(places, values, np.column_stack([x.ravel(), y.ravel()])).reshape(x.shape)
    surface[np.hypot(x, y) > 1.15] = np.nan
    low, high = float(values.min()), float(values.max())
    colours = "YlOrRd"  # light, so that the electrodes and the head show on it
    if low < 0 < high:  # two colours that meet at 0
        high = max(-low, high)
        low, colours = -high, "RdBu_r"
    shown = axes.imshow(
        surface, extent=(-1.15, 1.15, -1.15, 1.15), origin="lower", cmap=colours, vmin=low, vmax=max(high, low + 1e-12)
    )
    axes.add_patch(Circle((0, 0), 1, fill=False, linewidth=1.5, color="#333333"))
    axes.add_patch(Polygon([(-0.1, 0.995), (0, 1.13), (0.1, 0.995)], closed=False, fill=False, color="#333333"))
    axes.scatter(places[:, 0], places[:, 1], s=6, color="black")
    axes.set(xlim=(-1.2, 1.2), ylim=(-1.2, 1.2), aspect="equal")
    axes.set_axis_off()
    axes.set_title(title, fontsize=9)
    if axes.figure is not None:
        axes.figure.colorbar(shown, ax=axes, orientation="horizontal", shrink=0.6, pad=0.02).ax.tick_params(labelsize=7)


def _bending(a: Floats, b: Floats) -> Floats:
    """[N, M]: r^2 log r of the distances, 0 at r = 0."""
    squared = ((a[:, None] - b[None]) ** 2).sum(-1)
    return np.asarray(0.5 * squared * np.log(np.where(squared > 0, squared, 1.0)), dtype=np.float64)
