"""Draw a window of EEG: traces with names and a scale bar, and a map of the head where places are known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from xmodal.data.sample import Sample
from xmodal.modalities.eeg.topomap import draw_topomap
from xmodal.modalities.eeg.transforms import signal_of
from xmodal.report.drawing import Picture, new_figure, render

_WIDTH_PX, _MAP_PX = 1200, 360
_ROW_PX, _LEAST_PX, _MOST_PX = 26, 360, 2400
_MARGIN_PX = 36


def picture(sample: Sample, key: str) -> Picture:
    """The entry `key` [C, T] in microvolts as uint8 [h, w, 3], positive upwards, the first channel on top.

    `sample.meta` may give "channels", "rate_hz" and "positions_m", each by entry; `event_windows` fills them in. The
    map shows the strength (root mean square) of each channel about its median.
    """
    data = signal_of(sample, key).detach().cpu().double().numpy()
    data = data - np.median(data, axis=1, keepdims=True)
    names = _meta(sample, "channels", key) or [f"{i}" for i in range(len(data))]
    positions = _meta(sample, "positions_m", key)
    places = None if positions is None else np.asarray(positions, dtype=np.float64)
    shown = places is not None and np.isfinite(places).all(1).sum() >= 4
    height = min(max(_LEAST_PX, _ROW_PX * len(data) + 2 * _MARGIN_PX), _MOST_PX)
    figure = new_figure(_WIDTH_PX, height)
    right = 1 - (_MAP_PX if shown else 0) / _WIDTH_PX
    low = _MARGIN_PX / height
    traces = figure.add_axes((70 / _WIDTH_PX, low, right - 160 / _WIDTH_PX, 1 - 2 * low))
    _draw_traces(traces, data, list(names), _meta(sample, "rate_hz", key))
    if shown and places is not None:
        side = _MAP_PX - 60
        axes = figure.add_axes((right, 0.5 - side / height / 2, side / _WIDTH_PX, side / height))
        draw_topomap(axes, places, np.sqrt((data**2).mean(1)), "RMS, µV")
    return render(figure)


def _meta(sample: Sample, name: str, key: str) -> Any:
    return sample.meta.get(name, {}).get(key)


def _draw_traces(axes: Axes, data: NDArray[np.float64], names: list[str], rate_hz: float | None) -> None:
    count, samples = data.shape
    spacing = 2.5 * float(np.quantile(np.abs(data), 0.98)) or 1.0
    time = np.arange(samples) / (rate_hz or 1.0)
    for row, trace in enumerate(data):
        axes.plot(time, trace - row * spacing, color="#1f3552", linewidth=0.7)
    axes.set_xlim(0, max(time[-1], 1e-9))
    axes.set_ylim(-(count - 0.25) * spacing, 0.75 * spacing)
    axes.set_yticks([-row * spacing for row in range(count)], names, fontsize=8)
    axes.tick_params(length=0)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.set_xlabel("time, s" if rate_hz else "time, samples", fontsize=8, labelpad=1)
    axes.tick_params(axis="x", labelsize=8, length=3)
    _draw_scale_bar(axes, spacing, count)


def _draw_scale_bar(axes: Axes, spacing: float, count: int) -> None:
    """A bar of a round number of microvolts to the right of the last trace."""
    size = round_size(spacing)
    bottom = -(count - 1) * spacing
    place = axes.get_yaxis_transform()
    axes.plot([1.01, 1.01], [bottom, bottom + size], transform=place, color="#d1495b", linewidth=2.5, clip_on=False)
    axes.text(1.02, bottom + size / 2, f"{size:g} µV", transform=place, va="center", fontsize=9, color="#d1495b")


def round_size(limit: float) -> float:
    """The largest of 1, 2, 5, 10, 20, 50, ... (and their fractions) that is no larger than `limit`."""
    power = float(10.0 ** math.floor(math.log10(limit)))
    return max(step * power for step in (1, 2, 5) if step * power <= limit * (1 + 1e-9))
