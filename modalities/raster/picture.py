"""Draw a raster: three bands as red, green and blue, or one band in colours with its scale."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from xmodal.data.sample import Sample
from xmodal.errors import DataError
from xmodal.modalities.raster.pixels import bands_of
from xmodal.report.drawing import IGNORED, Picture, between, new_figure, render

_LONG_SIDE_PX = 640


def picture(sample: Sample, key: str) -> Picture:
    """The raster `key` as uint8 [h, w, 3], each band stretched from its 2nd to its 98th percentile, NaN in grey.

    `sample.meta["bands"][key]` names three bands for red, green and blue, or one. Without it three bands are
    taken for red, green and blue, more are shown at 5/6, 1/2 and 1/6 of their range (long wavelengths red), and of
    fewer the first.
    """
    bands = bands_of(sample, key).detach().cpu().float().numpy()
    count = len(bands)
    usual = (0, 1, 2) if count == 3 else (count * 5 // 6, count // 2, count // 6) if count > 3 else (0,)
    chosen = tuple(sample.meta.get("bands", {}).get(key, usual))
    if len(chosen) not in (1, 3) or not all(0 <= i < count for i in chosen):
        raise DataError(f"bands of {key!r}", expected=f"1 or 3 numbers from 0 to {count - 1}", found=f"{chosen}")
    stretched = [_stretched(bands[i]) for i in chosen]
    pixels = np.stack([s for s, _, _ in stretched], -1)
    colours = pixels if len(chosen) == 3 else colormaps["viridis"](pixels[..., 0])[..., :3]
    colours = np.where(np.isnan(pixels).any(-1, keepdims=True), np.array(IGNORED), colours)
    return _framed(colours, key, chosen, stretched[0][1:])


def _stretched(band: NDArray[np.float32]) -> tuple[NDArray[np.float64], float, float]:
    """(values from 0 to 1, and what these two stand for)."""
    known = band[np.isfinite(band)]
    low, high = np.percentile(known, (2, 98)) if known.size else (0.0, 1.0)
    scaled = (band.astype(np.float64) - low) / max(high - low, 1e-12)
    return np.clip(scaled, 0, 1), float(low), float(high)


def _framed(colours: NDArray[np.float64], key: str, chosen: tuple[int, ...], ends: tuple[float, float]) -> Picture:
    height, width = colours.shape[:2]
    zoom = _LONG_SIDE_PX / max(height, width)
    wide, tall, right = max(200, width * zoom), max(120, height * zoom), 110 if len(chosen) == 1 else 20
    total_w, total_h = 70 + wide + right, 56 + tall + 36
    figure = new_figure(round(total_w), round(total_h))
    axes = figure.add_axes((70 / total_w, 56 / total_h, wide / total_w, tall / total_h))
    axes.imshow(colours, extent=(0, width, height, 0), interpolation="nearest", aspect="equal")
    names = "band" if len(chosen) == 1 else "bands (red, green, blue)"
    axes.set_title(f"{key}: {names} {', '.join(map(str, chosen))}, 2nd to 98th percentile", fontsize=10)
    for axis, long_px in ((axes.xaxis, width * zoom), (axes.yaxis, height * zoom)):  # a pixel has no half
        axis.set_major_locator(MaxNLocator(integer=True, nbins=min(8, max(1, round(long_px / 40)))))
    axes.set_xlabel("u (px)", fontsize=9)
    axes.set_ylabel("v (px)", fontsize=9)
    if len(chosen) == 1:
        bar = axes.inset_axes((1.03, 0.0, 0.04, 1.0))
        bar.imshow(np.linspace(1, 0, 256)[:, None], aspect="auto", cmap="viridis", extent=(0, 1, 0, 1))
        bar.set_xticks([])
        bar.set_yticks([0, 1], between(*ends), fontsize=9)
        bar.yaxis.tick_right()
    return render(figure)
