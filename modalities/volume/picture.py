"""Draw a volume as radiologists do: three orthogonal slices through the middle, the patient's right on the left."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from xmodal.data.sample import Sample
from xmodal.modalities.volume.entries import grid_of, voxels_of
from xmodal.report.drawing import Picture, new_figure, render

_PANEL_PX, _EDGE_PX, _HEAD_PX, _FOOT_PX, _BAR_PX = 360, 12, 56, 26, 96
_UPTAKE = ("SUV", "SUVR", "Bq/mL", "kBq/mL", "MBq/mL")
_LETTER = {"color": "#ffd166", "size": 13, "weight": "bold", "ha": "center", "va": "center"}
_OUTLINE = withStroke(linewidth=3, foreground="black")


def picture(sample: Sample, key: str) -> Picture:
    """The entry `key` [C, Z, Y, X] (first channel) as uint8 [h, w, 3]: axial, coronal, sagittal.

    Letters name the sides (R, L, A, P, S, I). PET (a key with "pet" in it, or units of uptake) is drawn in a hot
    colour map from 0, other volumes in grey; the top is what 99.5 % of the voxels above the least value stay below.
    """
    values = voxels_of(sample, key)[0].detach().cpu().double().numpy()  # [Z, Y, X]
    grid = grid_of(sample, key)
    x_mm, y_mm, z_mm = grid.spacing_mm if grid else (1.0, 1.0, 1.0)
    units = sample.meta.get("units", {}).get(key, "")
    hot = "pet" in key.lower() or units in _UPTAKE
    z, y, x = (n // 2 for n in values.shape)
    # Rows run downwards, so front and head, which rise with the index, are turned up; x falls from left to right.
    panels = [
        (values[z, ::-1, ::-1], y_mm / x_mm, "RLAP", f"axial, z = {z}"),
        (values[::-1, y, ::-1], z_mm / x_mm, "RLSI", f"coronal, y = {y}"),
        (values[::-1, :, x][:, ::-1], z_mm / y_mm, "APSI", f"sagittal, x = {x}"),
    ]
    width, height = 3 * _PANEL_PX + 4 * _EDGE_PX + _BAR_PX, _PANEL_PX + _HEAD_PX + _FOOT_PX
    figure = new_figure(width, height, "black")
    low, high = _range(values, hot)
    for number, (image, aspect, letters, title) in enumerate(panels):
        left = (_EDGE_PX + number * (_PANEL_PX + _EDGE_PX)) / width
        place = (left, _FOOT_PX / height, _PANEL_PX / width, _PANEL_PX / height)
        axes = figure.add_axes(place, facecolor="black")
        shown = axes.imshow(image, cmap="hot" if hot else "gray", vmin=low, vmax=high, aspect=aspect)
        axes.set_title(title, color="white", size=10)
        _label(axes, letters)
    bar = figure.add_axes(((width - _BAR_PX) / width, 0.15, 14 / width, 0.65))
    figure.colorbar(shown, cax=bar)
    bar.tick_params(colors="white", labelsize=9)
    shape = " x ".join(str(n) for n in values.shape[::-1])
    spacing = f", {x_mm:.3g} x {y_mm:.3g} x {z_mm:.3g} mm" if grid else ", spacing unknown"
    title = f"{key}: {shape} voxels (x, y, z){spacing}" + (f" · {units}" if units else "")
    figure.text(0.5, 1 - 14 / height, title, color="white", size=11, ha="center", va="center")
    return render(figure)


def _range(values: NDArray[np.float64], hot: bool) -> tuple[float, float]:
    seen = values[values != values.min()]
    high = float(np.percentile(seen if seen.size else values, 99.5))
    low = 0.0 if hot else float(np.percentile(values, 0.5))
    return low, max(high, low + 1e-6)


def _label(axes: Axes, letters: str) -> None:
    axes.set_axis_off()
    places = ((0.04, 0.5), (0.96, 0.5), (0.5, 0.96), (0.5, 0.04))  # left, right, top, bottom
    options: Any = _LETTER
    for letter, (across, up) in zip(letters, places, strict=True):
        axes.text(across, up, letter, transform=axes.transAxes, path_effects=[_OUTLINE], **options)
