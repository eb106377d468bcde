"""Draw a series as traces stacked above each other, one a channel, on a common time axis."""

from __future__ import annotations

import numpy as np

from xmodal.data.sample import Sample
from xmodal.modalities.series.steps import steps_of
from xmodal.report.drawing import Picture, between, new_figure, render, shortened

MOST_CHANNELS, LONGEST_NAME = 24, 20


def picture(sample: Sample, key: str) -> Picture:
    """The series `key` [T, C] as uint8 [h, w, 3]: at most 24 channels, each scaled to its own 1st to 99th percentile,
    which stand beside it in the unit of the data.

    Names come from `sample.meta["channels"][key]`, seconds from `sample.meta["rate_hz"][key]`.
    """
    values = steps_of(sample, key).detach().cpu().double().numpy()
    names = sample.meta.get("channels", {}).get(key) or [str(i) for i in range(values.shape[1])]
    rate_hz = sample.meta.get("rate_hz", {}).get(key)
    shown = min(values.shape[1], MOST_CHANNELS)
    figure = new_figure(1000, 90 + 40 * max(shown, 3))
    axes = figure.add_axes((0.14, 50 / (90 + 40 * max(shown, 3)), 0.72, 1 - 90 / (90 + 40 * max(shown, 3))))
    time = np.arange(len(values)) / (rate_hz or 1.0)
    for i in range(shown):
        trace = values[:, i]
        low, high = np.percentile(trace, (1, 99)) if len(trace) else (0.0, 1.0)
        axes.plot(time, (trace - (low + high) / 2) / max(high - low, 1e-12) * 0.9 - i, linewidth=0.8)
        ends = " to ".join(between(low, high)) if high > low else f"{low:.4g}"
        axes.text(1.01, -i, ends, transform=axes.get_yaxis_transform(), fontsize=8, color="#555b66", va="center")
    axes.set_ylim(-shown + 0.3, 0.7)
    axes.set_yticks([-i for i in range(shown)], [shortened(name, LONGEST_NAME) for name in names[:shown]], fontsize=8)
    axes.set_xlabel("time (s)" if rate_hz else "time (steps)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0)
    more = f", {shown} shown" if shown < values.shape[1] else ""
    axes.set_title(f"{key}: {len(values):,} steps, {values.shape[1]} channels{more}", fontsize=10)
    return render(figure)
