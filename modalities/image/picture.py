"""Draw an image with the points linked to it, coloured by distance, and its dense labels below."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, to_rgb
from matplotlib.patches import Patch
from numpy.typing import NDArray

from xmodal.data.sample import Rows, Sample
from xmodal.modalities.image.pixels import pixels_of
from xmodal.report.drawing import (
    IGNORED,
    Classes,
    Picture,
    class_colour,
    class_labels,
    dense_labels,
    new_figure,
    render,
)

_WIDTH_PX = 1200
_CAPTION = {"facecolor": "black", "alpha": 0.6, "edgecolor": "none", "boxstyle": "square,pad=0.3"}


def picture(sample: Sample, key: str) -> Picture:
    """The entry `key` (an image [3, H, W], uint8 or float in [0, 1]) as uint8 [h, w, 3].

    Small images are enlarged. The first panel carries the points of every link into the image, coloured by their
    distance from the origin of their own entry; a further panel follows for each task with labels for every pixel.
    """
    pixels = _pixels(sample, key)
    panels = [_points_panel(sample, key, pixels)]
    for classes in class_labels(sample, key):
        panels.append(_class_panel(pixels, classes))
    for task, values in dense_labels(sample, key):
        if values.dtype.kind == "f":
            panels.append(_measure_panel(pixels, task, values))
    gap = np.full((6, panels[0].shape[1], 3), 255, dtype=np.uint8)
    return np.concatenate([part for panel in panels for part in (panel, gap)][:-1])


def _pixels(sample: Sample, key: str) -> Picture:
    entry = pixels_of(sample, key)
    scaled = entry.detach().cpu().float() * (255.0 if entry.is_floating_point() else 1.0)
    return np.asarray(scaled.round().clamp(0, 255).byte().permute(1, 2, 0).numpy(), dtype=np.uint8)


def _panel(image: NDArray[Any]) -> tuple[Any, Axes, float]:
    """A figure that shows the image edge to edge, its axes in pixels of the image, and the enlargement."""
    height, width = image.shape[:2]
    zoom = max(1.0, _WIDTH_PX / width) if width >= height else max(1.0, _WIDTH_PX / 2 / height)
    figure = new_figure(round(width * zoom), round(height * zoom))
    axes = figure.add_axes((0, 0, 1, 1))
    # Pixel i covers [i, i + 1), as link coordinates do.
    axes.imshow(image, extent=(0, width, height, 0), interpolation="nearest", aspect="auto")
    axes.set_axis_off()
    return figure, axes, zoom


def _points_panel(sample: Sample, key: str, pixels: Picture) -> Picture:
    figure, axes, zoom = _panel(pixels)
    lines = []
    for (a, b), link in sample.links.items():
        if b != key:
            continue
        uv = link.values.detach().cpu().double().numpy()
        seen = ~np.isnan(uv).any(1)
        lines.append(f"{a}: {seen.sum():,} of {len(uv):,} points")
        if seen.any():
            _scatter(axes, uv[seen], _distance_m(sample, a, seen), pixels, zoom, bar=len(lines) == 1)
    if lines:
        _caption(axes, "\n".join(lines))
    return render(figure)


def _distance_m(sample: Sample, a: str, seen: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    entry = sample.entries.get(a)
    if not isinstance(entry, Rows) or entry.values.ndim != 2 or entry.values.shape[1] < 3:
        return None
    distance: NDArray[np.float64] = np.linalg.norm(entry.values.detach().cpu().double().numpy()[seen, :3], axis=1)
    return distance


def _scatter(
    axes: Axes, uv: NDArray[np.float64], far: NDArray[np.float64] | None, pixels: Picture, zoom: float, *, bar: bool
) -> None:
    # Dots cover about a quarter of the image, whatever its size, and so leave it readable.
    radius_px = float(np.clip(0.28 * zoom * np.sqrt(pixels.shape[0] * pixels.shape[1] / len(uv)), 1.1, 5.0))
    area = (2 * radius_px * 0.72) ** 2  # in points of 1/72 inch at 100 dpi
    if far is None:
        axes.scatter(uv[:, 0], uv[:, 1], s=area, color="white", linewidths=0)
        return
    order = np.argsort(-far)  # near points last, on top
    low, high = (float(x) for x in np.percentile(far, (1, 99)))
    norm = LogNorm(max(low, 1e-3), max(high, low * 1.01, 2e-3), clip=True)
    dots = axes.scatter(
        uv[order, 0], uv[order, 1], s=area, c=far[order], cmap="turbo_r", norm=norm, linewidths=0, alpha=0.85
    )
    if bar:
        _distance_bar(axes, dots, norm)


def _distance_bar(axes: Axes, dots: Any, norm: LogNorm) -> None:
    frame = axes.inset_axes((0.915, 0.03, 0.08, 0.6))
    frame.set_facecolor((0, 0, 0, 0.6))
    frame.set(xticks=[], yticks=[])
    frame.spines[:].set_visible(False)
    inner = frame.inset_axes((0.16, 0.05, 0.18, 0.8))
    figure = axes.get_figure()
    assert figure is not None
    bar = figure.colorbar(dots, cax=inner)
    low, high = float(norm.vmin or 0), float(norm.vmax or 1)
    ticks = [t for t in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500) if low <= t <= high]
    bar.set_ticks(ticks, labels=[f"{t:g} m" for t in ticks])
    bar.minorticks_off()
    bar.solids.set_alpha(1)  # type: ignore[union-attr]
    bar.ax.tick_params(colors="white", labelsize=9, length=2)
    bar.outline.set_visible(False)
    frame.text(0.5, 0.97, "distance", color="white", size=9, ha="center", va="top")


def _class_panel(pixels: Picture, classes: Classes) -> Picture:
    shade = pixels.mean(2, keepdims=True).repeat(3, 2) / 255 * 0.75
    for index in classes.shown():
        inside = classes.index == index
        shade[inside] = 0.5 * shade[inside] + 0.5 * np.array(to_rgb(class_colour(index)))
    ignored = classes.index < 0
    shade[ignored] = 0.35 * shade[ignored] + 0.65 * np.array(IGNORED)
    figure, axes, _ = _panel(shade)
    handles = [Patch(color=class_colour(i), label=classes.names[i]) for i in classes.shown()]
    if ignored.any():
        handles.append(Patch(color=IGNORED, label="ignored"))
    if handles:
        axes.legend(handles=handles, loc="lower right", fontsize=9, framealpha=0.85, ncols=min(6, len(handles)))
    _caption(axes, classes.task)
    return render(figure)


def _measure_panel(pixels: Picture, task: str, values: NDArray[Any]) -> Picture:
    figure, axes, _ = _panel(pixels.mean(2, keepdims=True).repeat(3, 2) / 255 * 0.6)
    known = values[np.isfinite(values)]
    span = f"{known.min():.3g} to {known.max():.3g}" if known.size else "all unknown"
    extent = (0, values.shape[1], values.shape[0], 0)
    axes.imshow(np.ma.masked_invalid(values), extent=extent, cmap="viridis", interpolation="nearest", aspect="auto")
    _caption(axes, f"{task}: {span}")
    return render(figure)


def _caption(axes: Axes, text: str) -> None:
    axes.text(0.006, 0.975, text, color="white", size=10, va="top", transform=axes.transAxes, bbox=_CAPTION)
