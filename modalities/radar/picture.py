"""Draw a radar cloud from above, forward up: arrows of velocity, coloured by radar cross-section."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import ListedColormap
from numpy.typing import NDArray

from xmodal.data.sample import Sample
from xmodal.modalities.lidar.picture import LINE, NIGHT, TEXT, metre_grid
from xmodal.modalities.radar.columns import RCS, VX, VY, X, Y
from xmodal.modalities.radar.transforms import radar_points
from xmodal.report.drawing import Picture, new_figure, render

ARROW_S = 1.0
"""An arrow ends where its point would be after this time."""
SLOWEST_MPS = 0.2
COLOURS = ListedColormap(colormaps["plasma"](np.linspace(0.2, 1, 256)))
"""Without the end that vanishes on the dark ground."""
_LONG_SIDE_PX = 720
_MARGIN_PX = (62, 34, 110, 48)  # left, top, right, bottom


def picture(sample: Sample, key: str) -> Picture:
    """The cloud `key` (x forward, y left, metres) from above as uint8 [h, w, 3].

    The radar is the white triangle. An arrow shows vx, vy: how far a point moves over ground along the line of sight
    in one second; what stands has none.
    """
    points = radar_points(sample, key).detach().cpu().double().numpy()
    (x_low, x_high), (y_low, y_high) = (_span(points, place, speed) for place, speed in ((X, VX), (Y, VY)))
    scale = _LONG_SIDE_PX / max(x_high - x_low, y_high - y_low)
    left, top, right, bottom = _MARGIN_PX
    wide, high = max(240.0, (y_high - y_low) * scale), max(240.0, (x_high - x_low) * scale)
    total_w, total_h = wide + left + right, high + top + bottom
    figure = new_figure(round(total_w), round(total_h), NIGHT)
    axes = figure.add_axes((left / total_w, bottom / total_h, wide / total_w, high / total_h), facecolor=NIGHT)
    metre_grid(axes, max(wide, high) / scale)
    y_middle, x_middle = (y_low + y_high) / 2, (x_low + x_high) / 2
    # The y axis points left, so it runs backwards on paper.
    axes.set_xlim(y_middle + wide / scale / 2, y_middle - wide / scale / 2)
    axes.set_ylim(x_middle - high / scale / 2, x_middle + high / scale / 2)
    axes.plot(0, 0, marker="^", color="white", markersize=9, markeredgecolor="black", zorder=5, linestyle="none")
    if len(points):
        _draw(axes, points)
    moving = int((np.hypot(points[:, VX], points[:, VY]) >= SLOWEST_MPS).sum())
    axes.set_title(f"{key}: {len(points):,} points, {moving:,} moving; arrows: 1 s", color=TEXT, size=10)
    return render(figure)


def _span(points: NDArray[np.float64], place: int, speed: int) -> tuple[float, float]:
    """The range along one axis that holds the radar, the points and the tips of their arrows."""
    ends = np.concatenate([[0.0], points[:, place], points[:, place] + ARROW_S * points[:, speed]])
    low, high = float(ends.min()), float(ends.max())
    pad = max(1.0, 0.04 * (high - low))
    return low - pad, high + pad


def _draw(axes: Axes, points: NDArray[np.float64]) -> None:
    low, high = (float(v) for v in np.percentile(points[:, RCS], (2, 98)))
    high = max(high, low + 1e-3)
    dots = axes.scatter(points[:, Y], points[:, X], s=16, c=points[:, RCS], cmap=COLOURS, vmin=low, vmax=high)
    fast = points[np.hypot(points[:, VX], points[:, VY]) >= SLOWEST_MPS]
    if len(fast):
        arrows = axes.quiver(
            fast[:, Y], fast[:, X], ARROW_S * fast[:, VY], ARROW_S * fast[:, VX], fast[:, RCS], cmap=COLOURS,
            angles="xy", scale_units="xy", scale=1, width=0.004, zorder=4,
        )  # fmt: skip
        arrows.set_clim(low, high)
    _bar(axes, dots)


def _bar(axes: Axes, dots: PathCollection) -> None:
    figure = axes.get_figure()
    assert figure is not None
    bar = figure.colorbar(dots, cax=axes.inset_axes((1.03, 0.0, 0.03, 0.5)))
    bar.ax.tick_params(colors=TEXT, labelsize=8, length=2)
    bar.set_label("RCS (dBsm)", color=TEXT, size=9)
    bar.outline.set_edgecolor(LINE)
