"""Draw a sound: the waveform above its spectrogram, in seconds and kHz."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from numpy.typing import NDArray
from torch import Tensor

from xmodal.data.sample import Rows, Sample
from xmodal.errors import DataError
from xmodal.modalities.audio.read import RATE_HZ
from xmodal.modalities.audio.spectrogram import spectrogram_of
from xmodal.modalities.audio.waveform import waveform_of
from xmodal.report.drawing import Picture, new_figure, render

_WIDTH_PX, _HEIGHT_PX, _SPECTRUM_PX = 1200, 460, 340
_COLUMNS, _RANGE_DB = 1200, 80.0
_LEFT, _RIGHT = 0.06, 0.985


def picture(sample: Sample, key: str) -> Picture:
    """The entry `key` as uint8 [h, w, 3].

    A waveform ([C, T] or Rows([T, C]), channels averaged) is drawn above its power spectrogram in dB below its
    loudest cell; its rate is `sample.meta["rate_hz"][key]`, 16 kHz where that is missing. A spectrogram [1, F, T']
    is drawn with the axes that the transform `Spectrogram` noted, or else over numbers of frames and bands.
    """
    entry = sample.entries[key]
    if isinstance(entry, Rows) or entry.ndim == 2:
        rate_hz = float(_noted(sample, "rate_hz", key) or RATE_HZ)
        return _sound(waveform_of(sample, key).detach().cpu().float().mean(0), rate_hz)
    return _ready(spectrogram_of(sample, key)[0].detach().cpu().float(), _noted(sample, "spectrogram", key))


def _noted(sample: Sample, name: str, key: str) -> Any:
    found = sample.meta.get(name)
    return found.get(key) if isinstance(found, Mapping) else None


def _sound(waveform: Tensor, rate_hz: float) -> Picture:
    if not waveform.isfinite().all():
        raise DataError("waveform to draw", expected="finite numbers", found="NaN or infinity")
    figure = new_figure(_WIDTH_PX, _HEIGHT_PX)
    seconds = len(waveform) / rate_hz
    top: Any = figure.add_axes((_LEFT, 0.74, _RIGHT - _LEFT, 0.23))
    bottom: Any = figure.add_axes((_LEFT, 0.11, _RIGHT - _LEFT, 0.61))
    edges, low, high = _envelope(waveform, seconds)
    top.fill_between(edges, low, high, step="post", color="#1e3a8a", linewidth=0.6, edgecolor="#1e3a8a")
    bound = max(float(waveform.abs().max()), 1e-6)
    top.set(xlim=(0, seconds), ylim=(-1.05 * bound, 1.05 * bound), xticks=[])
    top.tick_params(axis="y", labelsize=7)
    top.set_ylabel("amplitude", fontsize=8, labelpad=1)
    bottom.imshow(
        _decibels(waveform, rate_hz),
        extent=(0, seconds, 0, rate_hz / 2000),
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=-_RANGE_DB,
        vmax=0,
        interpolation="nearest",
    )
    bottom.set(xlabel="time (s)", ylabel="frequency (kHz)")
    _note(bottom, f"dB, 0 to -{_RANGE_DB:.0f}")
    return render(figure)


def _envelope(waveform: Tensor, seconds: float) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """(edges in seconds, lowest, highest) of each of at most 1200 columns; the last edge repeats its values."""
    bounds = np.linspace(0, len(waveform), min(_COLUMNS, len(waveform)) + 1).astype(int)
    values = waveform.numpy()
    low, high = (cut.reduceat(values, bounds[:-1]) for cut in (np.minimum, np.maximum))
    return bounds / len(waveform) * seconds, np.append(low, low[-1]), np.append(high, high[-1])


def _decibels(waveform: Tensor, rate_hz: float) -> NDArray[Any]:
    """[frequencies, columns]: power of 32 ms windows below the loudest, at most about 1200 columns."""
    size = max(16, 2 ** round(np.log2(0.032 * rate_hz)))
    hop = max(size // 4, -(-len(waveform) // _COLUMNS))
    spectrum = torch.stft(
        waveform, size, hop, window=torch.hann_window(size), center=True, pad_mode="constant", return_complex=True
    )
    power = spectrum.abs().square()
    level: NDArray[Any] = (10 * (power / power.max().clamp_min(1e-20)).clamp_min(1e-12).log10()).numpy()
    return level


def _ready(image: Tensor, axes: Any) -> Picture:
    figure = new_figure(_WIDTH_PX, _SPECTRUM_PX)
    panel: Any = figure.add_axes((_LEFT, 0.15, _RIGHT - _LEFT, 0.82))
    bands, frames = image.shape
    extent = (-0.5, frames - 0.5, -0.5, bands - 0.5)
    if axes:
        first, second = axes["time_s"]
        half = (second - first) / 2
        extent = (first - half, first + (2 * frames - 1) * half, -0.5, bands - 0.5)
        place = np.linspace(0, bands - 1, min(8, bands)).round().astype(int)
        panel.set_yticks(place, labels=[f"{axes['bin_hz'][i] / 1000:.2g}" for i in place])
    panel.imshow(image.numpy(), extent=extent, origin="lower", aspect="auto", cmap="magma", interpolation="nearest")
    panel.set(xlabel="time (s)" if axes else "frame", ylabel="frequency (kHz)" if axes else "band")
    _note(panel, f"{float(image.min()):.3g} to {float(image.max()):.3g}")
    return render(figure)


def _note(axes: Axes, text: str) -> None:
    box = {"facecolor": "black", "alpha": 0.5, "edgecolor": "none", "boxstyle": "square,pad=0.3"}
    axes.text(0.995, 0.96, text, color="white", size=9, ha="right", va="top", transform=axes.transAxes, bbox=box)
