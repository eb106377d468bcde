"""A picture of one trial: traces, the spectrum of each electrode, and the back of the head at the flicker frequency."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from xmodal.benchmarks.ssvep.session import BAND_HZ, CHANNELS, CLASSES, RATE_HZ
from xmodal.data.sample import Sample
from xmodal.errors import DataError
from xmodal.modalities.eeg.topomap import flat_places
from xmodal.report.drawing import Picture, new_figure, render

FLICKER_HZ = (13.0, 17.0, 21.0)
_NEAR_HZ, _AROUND_HZ = 0.4, 3.0
"""Half the width of a line in the spectrum, and how far around it the background is taken."""
_PAD = 4
_COLOURS = ("#d1495b", "#edae49", "#2a9d8f")


def picture(sample: Sample) -> Picture:
    """[H, W, 3]: traces in units of their own spread; amplitude spectra, Oz dark; line over background on the head.

    On the head: the frequency that was looked at (13 Hz for rest) and its overtone. Electrodes stand as points: they
    cover the back alone, and a smooth map would be invented elsewhere.
    """
    data = sample.entries.get("eeg")
    if not isinstance(data, Tensor) or data.dim() != 2 or len(data) != len(CHANNELS):
        raise DataError(f"{sample.key}: eeg", expected=f"a tensor [{len(CHANNELS)}, T]", found="something else")
    label = sample.labels["stimulus"]
    assert isinstance(label, Tensor)
    kind = CLASSES[int(label)]
    chosen = 13.0 if kind == "rest" else float(kind.removesuffix(" Hz"))
    signal = data.double().numpy()
    figure = new_figure(1200, 420)
    traces = figure.add_axes((0.05, 0.13, 0.42, 0.75))
    _draw_traces(traces, signal)
    traces.set_title(f"{sample.key}   {kind}", fontsize=9, loc="left")
    _draw_spectra(figure.add_axes((0.53, 0.13, 0.25, 0.75)), signal)
    positions = np.asarray(sample.meta["positions_m"]["eeg"], dtype=np.float64)
    strength = (line_over_background(signal, chosen) + line_over_background(signal, 2 * chosen)) / 2
    _draw_head(figure.add_axes((0.81, 0.13, 0.17, 0.75)), flat_places(positions), strength, chosen)
    return render(figure)


def line_over_background(signal: NDArray[np.float64], hz: float) -> NDArray[np.float64]:
    """[C]: natural logarithm of the mean power within 0.4 Hz of `hz` over that of the background within 3 Hz."""
    frequency, power = _spectrum(signal)
    away = np.abs(frequency - hz)
    line = power[:, away <= _NEAR_HZ].mean(1)
    around = power[:, (away > 2 * _NEAR_HZ) & (away <= _AROUND_HZ)].mean(1)
    return np.asarray(np.log(np.maximum(line, 1e-12) / np.maximum(around, 1e-12)))


def _spectrum(signal: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(frequencies [F], power [C, F]) of a Hann-tapered window."""
    length = signal.shape[1]
    power = np.abs(np.fft.rfft(signal * np.hanning(length), _PAD * length, axis=1)) ** 2 / length
    return np.asarray(np.fft.rfftfreq(_PAD * length, 1 / RATE_HZ)), np.asarray(power, dtype=np.float64)


def _draw_traces(axes: Any, signal: NDArray[np.float64]) -> None:
    spacing = 5.0
    time_s = np.arange(signal.shape[1]) / RATE_HZ
    for row, trace in enumerate(signal):
        axes.plot(time_s, trace - row * spacing, color="#1f3552", linewidth=0.6)
    axes.set_yticks([-row * spacing for row in range(len(signal))], CHANNELS, fontsize=8)
    axes.set_xlim(0, time_s[-1])
    axes.set_xlabel("s", fontsize=8)
    axes.tick_params(labelsize=8)


def _draw_spectra(axes: Any, signal: NDArray[np.float64]) -> None:
    frequency, power = _spectrum(signal)
    shown = (frequency >= BAND_HZ[0]) & (frequency <= BAND_HZ[1])
    for row in reversed(range(len(signal))):
        colour, width = ("#1f3552", 1.2) if row == 0 else ("#b8c4d0", 0.6)
        axes.plot(frequency[shown], np.sqrt(power[row, shown]), color=colour, linewidth=width)
    for hz, colour in zip(FLICKER_HZ, _COLOURS, strict=True):
        axes.axvline(hz, color=colour, linewidth=1, linestyle="--", zorder=0)
        axes.axvline(2 * hz, color=colour, linewidth=1, linestyle=":", zorder=0)
    axes.set_title("amplitude, Oz dark; dashed 13, 17, 21 Hz, dotted overtones", fontsize=8)
    axes.set_xlabel("Hz", fontsize=8)
    axes.tick_params(labelsize=8)


def _draw_head(axes: Any, places: NDArray[np.float64], strength: NDArray[np.float64], hz: float) -> None:
    points = axes.scatter(*places.T, c=strength, s=260, cmap="RdBu_r", vmin=-2, vmax=2, edgecolors="#1f3552", zorder=2)
    for name, place in zip(CHANNELS, places, strict=True):
        axes.annotate(name, place, ha="center", va="center", fontsize=7, zorder=3)
    angle = np.linspace(np.pi, 2 * np.pi, 100)
    axes.plot(np.cos(angle), np.sin(angle), color="#444444", linewidth=1.2, zorder=1)
    axes.set(xlim=(-1.1, 1.1), ylim=(-1.25, 0.1), aspect="equal")
    axes.axis("off")
    axes.set_title(f"line over background\n{hz:g} and {2 * hz:g} Hz, log", fontsize=8)
    axes.figure.colorbar(points, ax=axes, orientation="horizontal", shrink=0.8).ax.tick_params(labelsize=7)
