"""Draw a radar cube as its two usual maps: range over azimuth, and range over Doppler, in decibels."""

from __future__ import annotations

import numpy as np

from xmodal.data.sample import Rows, Sample
from xmodal.errors import DataError
from xmodal.report.drawing import Picture, new_figure, render

FLOOR_DB = 50.0


def cube_picture(sample: Sample, key: str) -> Picture:
    """The cube `key` [R, D, A] or [R, D, A, E] of power as uint8 [h, w, 3].

    Each map shows the strongest cell over the other axes, in decibels below the strongest of all; far is up.
    """
    entry = sample.entries[key]
    if isinstance(entry, Rows) or entry.ndim not in (3, 4):
        found = "a set" if isinstance(entry, Rows) else f"{list(entry.shape)}"
        raise DataError(f"entry {key!r} of {sample.key!r}", expected="a cube [R, D, A] or [R, D, A, E]", found=found)
    power = np.abs(entry.detach().cpu().double().numpy())
    peak = max(float(power.max(initial=0.0)), 1e-30)
    below = 10 * np.log10(np.maximum(power / peak, 1e-30))
    below = below.reshape(*below.shape[:3], -1).max(axis=3)
    figure = new_figure(900, 460)
    left, right = figure.subplots(1, 2)
    for axes, map_db, name in ((left, below.max(axis=1), "azimuth"), (right, below.max(axis=2), "Doppler")):
        shown = axes.imshow(map_db, origin="lower", aspect="auto", vmin=-FLOOR_DB, vmax=0, interpolation="nearest")
        axes.set_xlabel(f"{name} bin")
        axes.set_ylabel("range bin")
        axes.set_title(f"{key}: range and {name}", size=10)
        figure.colorbar(shown, ax=axes, label="dB below the peak")
    figure.tight_layout()
    return render(figure)
