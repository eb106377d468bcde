"""Draw a point cloud from above, forward up, with a grid in metres."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap
from matplotlib.lines import Line2D
from matplotlib.ticker import MultipleLocator
from numpy.typing import NDArray

from xmodal.data.sample import Sample
from xmodal.data.transforms import rows_of
from xmodal.report.drawing import IGNORED, Classes, Picture, class_colour, class_labels, new_figure, render

_LONG_SIDE_PX = 820
_MARGIN_PX = (62, 34, 190, 48)  # left, top, right, bottom
NIGHT, LINE, TEXT = "#0e1117", "#39404d", "#c9d1d9"


def picture(sample: Sample, key: str) -> Picture:
    """The cloud `key` (x forward, y left, z up, metres) from above as uint8 [h, w, 3].

    The view holds the middle 99 % of the points in each direction. Colour is height; where a task gives a class to
    each point, objects take the colour of their class, what the labels say nothing about turns grey, and the view
    follows the labelled part.
    """
    points = rows_of(sample, key).detach().cpu().double().numpy()
    labels = class_labels(sample, key)
    classes = labels[0] if labels else None
    (x_low, x_high), (y_low, y_high) = (_span(points[:, column], classes) for column in (0, 1))
    metres = max(x_high - x_low, y_high - y_low)
    scale = _LONG_SIDE_PX / metres
    left, top, right, bottom = _MARGIN_PX
    wide, high = max(260.0, (y_high - y_low) * scale), max(200.0, (x_high - x_low) * scale)
    total_w, total_h = wide + left + right, high + top + bottom
    figure = new_figure(round(total_w), round(total_h), NIGHT)
    axes = figure.add_axes((left / total_w, bottom / total_h, wide / total_w, high / total_h), facecolor=NIGHT)
    metre_grid(axes, metres)
    # The y axis of the cloud points left, so it runs backwards on paper.
    y_middle, x_middle = (y_low + y_high) / 2, (x_low + x_high) / 2
    axes.set_xlim(y_middle + wide / scale / 2, y_middle - wide / scale / 2)
    axes.set_ylim(x_middle - high / scale / 2, x_middle + high / scale / 2)
    _draw(axes, points, classes)
    shown = f" · colour: {classes.task}" if classes else ""
    axes.set_title(f"{key}: {len(points):,} points from above{shown}", color=TEXT, size=10)
    _scale_bar(axes)
    return render(figure)


def _span(values: NDArray[np.float64], classes: Classes | None) -> tuple[float, float]:
    """The range that holds most points; each class counts for itself, so that a small far object stays in view."""
    parts = [values] if classes is None else [values[classes.index == i] for i in np.unique(classes.index) if i >= 0]
    parts = [part for part in parts if part.size] or [values]
    if not values.size:
        return -10.0, 10.0
    low = min(float(np.percentile(part, 0.5)) for part in parts)
    high = max(float(np.percentile(part, 99.5)) for part in parts)
    pad = max(0.5, 0.04 * (high - low))
    return low - pad, high + pad


def metre_grid(axes: Axes, metres: float) -> None:
    """Lines every `step` metres, and a bar of that length."""
    step = next((s for s in (1, 2, 5, 10, 20, 50, 100) if metres / s <= 12), 200)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MultipleLocator(step))
        axis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.grid(color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(colors=TEXT, labelsize=9, length=0)
    axes.spines[:].set_color(LINE)
    axes.set_xlabel("y, left (m)", color=TEXT, size=9)
    axes.set_ylabel("x, forward (m)", color=TEXT, size=9)


def _scale_bar(axes: Axes) -> None:
    """A bar as long as one cell of the grid, in the lower left corner."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    ticks = axes.get_yticks()
    step = float(ticks[1] - ticks[0])
    start, level = left - 0.03 * (left - right), low + 0.025 * (high - low)
    axes.plot([start, start - step], [level, level], color="white", linewidth=3, solid_capstyle="butt", zorder=6)
    axes.text(
        start - step / 2, level + 0.008 * (high - low), f"{step:g} m",
        color="white", size=9, ha="center", va="bottom", zorder=6,
    )  # fmt: skip


def _draw(axes: Axes, points: NDArray[np.float64], classes: Classes | None) -> None:
    axes.plot(0, 0, marker="^", color="white", markersize=9, markeredgecolor="black", zorder=5, linestyle="none")
    if not len(points):
        return
    size = float(np.clip(1.5e5 / len(points), 1.2, 9.0))
    plain = np.ones(len(points), dtype=bool)
    handles: list[Any] = []
    if classes is not None:
        ignored = classes.index < 0
        axes.scatter(points[ignored, 1], points[ignored, 0], s=size, color=IGNORED, linewidths=0, alpha=0.5)
        plain = ~ignored
        for index in classes.shown():
            own = classes.index == index
            plain &= ~own
            colour, name = class_colour(index), classes.names[index]
            axes.scatter(points[own, 1], points[own, 0], s=max(7.0, 1.5 * size), color=colour, linewidths=0, zorder=4)
            handles.append(Line2D([], [], marker="o", linestyle="none", color=colour, label=f"{name} ({own.sum():,})"))
        if ignored.any():
            handles.append(Line2D([], [], marker="o", linestyle="none", color=IGNORED, label="ignored"))
    if plain.any():
        _height(axes, points[plain], size)
    if handles:
        legend = axes.legend(
            handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=9, frameon=False, handletextpad=0.1
        )
        for text in legend.get_texts():
            text.set_color(TEXT)


def _visible() -> Colormap:
    """Viridis without the end that vanishes on the dark ground."""
    return ListedColormap(colormaps["viridis"](np.linspace(0.22, 1, 256)))


def _height(axes: Axes, points: NDArray[np.float64], size: float) -> None:
    order = np.argsort(points[:, 2])  # what lies higher covers what lies lower, as seen from above
    low, high = np.percentile(points[:, 2], (2, 98))
    dots = axes.scatter(
        points[order, 1], points[order, 0], s=size, c=points[order, 2], cmap=_visible(), linewidths=0,
        vmin=low, vmax=max(high, low + 1e-3),
    )  # fmt: skip
    figure = axes.get_figure()
    assert figure is not None
    bar = figure.colorbar(dots, cax=axes.inset_axes((1.02, 0.0, 0.022, 0.45)))
    bar.ax.tick_params(colors=TEXT, labelsize=8, length=2)
    bar.set_label("height z (m)", color=TEXT, size=9)
    bar.outline.set_edgecolor(LINE)
