"""Zero-phase FIR filters: windowed-sinc kernels (Hamming), with the transition bands that mne takes by default.

Widmann, Schroeger, Maess: Digital filter design for electrophysiological data, J. Neurosci. Methods 2015.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

from xmodal.errors import ConfigError, DataError
from xmodal.modalities.eeg.recording import Recording

_HAMMING_LENGTH = 3.3
"""A Hamming-windowed kernel needs this many samples over its transition band (as a share of the rate)."""

Taps = NDArray[np.float64]


def band_pass(recording: Recording, low_hz: float | None, high_hz: float | None) -> Recording:
    """Keep what lies between two frequencies; None leaves that side open.

    The transition band below `low_hz` is a quarter of it, at least 2 Hz, at most `low_hz` itself; the one above
    `high_hz` likewise, ending at half the rate. At the middle of each the gain is 0.5.

    Raises:
        ConfigError: the edges are not 0 < low < high < rate / 2.
        DataError: the recording is shorter than the kernel; filter before cutting windows.
    """
    nyquist = recording.rate_hz / 2
    edges = [0.0, *(hz for hz in (low_hz, high_hz) if hz is not None), nyquist]
    if len(edges) == 2 or any(a >= b for a, b in pairwise(edges)):
        raise ConfigError(f"band_pass needs 0 < low < high < {nyquist:g} Hz, not {low_hz} and {high_hz}")
    kernel = np.ones(1)
    if high_hz is not None:
        width = min(max(0.25 * high_hz, 2.0), nyquist - high_hz)
        kernel = low_pass_taps(high_hz + width / 2, width, recording.rate_hz)
    if low_hz is not None:
        width = min(max(0.25 * low_hz, 2.0), low_hz)
        kernel = _minus(kernel, low_pass_taps(low_hz - width / 2, width, recording.rate_hz))
    return _filtered(recording, kernel)


def notch(recording: Recording, frequency_hz: float, width_hz: float | None = None) -> Recording:
    """Take out a narrow band, such as the mains at 50 or 60 Hz.

    Args:
        width_hz: of the band that is taken out, a 200th of its frequency if None; transition bands of 0.5 Hz each lie
            inside of `frequency_hz` +- (width / 2 + 0.5).

    Raises:
        ConfigError: the band does not lie between 0 and half the rate.
        DataError: the recording is shorter than the kernel.
    """
    half, fade = (frequency_hz / 200 if width_hz is None else width_hz) / 2, 0.5
    if not half > 0 or not 0 < frequency_hz - half - fade < frequency_hz + half + fade < recording.rate_hz / 2:
        raise ConfigError(f"notch needs a band between 0 and {recording.rate_hz / 2:g} Hz, not {frequency_hz}")
    upper = low_pass_taps(frequency_hz + half + fade / 2, fade, recording.rate_hz)
    lower = low_pass_taps(frequency_hz - half - fade / 2, fade, recording.rate_hz)
    return _filtered(recording, _minus(np.ones(1), _minus(upper, lower)))


def low_pass_taps(cutoff_hz: float, transition_hz: float, rate_hz: float) -> Taps:
    """An odd, symmetric kernel with gain 1 at 0 Hz and 0.5 at `cutoff_hz`.

    h[n] = w[n] sinc(2 n f / r), scaled to sum 1, with w the Hamming window over 3.3 r / transition samples.
    """
    count = round(_HAMMING_LENGTH / transition_hz * rate_hz)
    count += 1 - count % 2
    place = np.arange(count) - count // 2
    taps = np.sinc(2 * cutoff_hz / rate_hz * place) * np.hamming(count)
    return np.asarray(taps / taps.sum(), dtype=np.float64)


def zero_phase(signal: Taps, taps: Taps) -> Taps:
    """[T] filtered with an odd symmetric kernel [K <= T], without delay; ends are continued by odd reflection."""
    half, count = len(taps) // 2, len(signal)
    before = 2 * signal[0] - signal[half:0:-1]
    after = 2 * signal[-1] - signal[-2 : -half - 2 : -1]
    padded = np.concatenate([before, signal, after])
    size = 1 << (len(padded) + len(taps) - 2).bit_length()
    full = np.fft.irfft(np.fft.rfft(padded, size) * np.fft.rfft(taps, size), size)
    return np.asarray(full[2 * half : 2 * half + count], dtype=np.float64)


def _minus(a: Taps, b: Taps) -> Taps:
    """The difference of two odd kernels about their centres."""
    out = np.zeros(max(len(a), len(b)))
    for taps, sign in ((a, 1.0), (b, -1.0)):
        start = (len(out) - len(taps)) // 2
        out[start : start + len(taps)] += sign * taps
    return out


def _filtered(recording: Recording, taps: Taps) -> Recording:
    count = recording.data.shape[1]
    if len(taps) > count:
        expected = f"at least {len(taps) / recording.rate_hz:.2f} s for a filter this sharp"
        raise DataError("recording: length", expected=expected, found=f"{recording.duration_s:.2f} s")
    out = torch.empty_like(recording.data)
    for row, channel in enumerate(recording.data):  # one by one, so that float64 copies stay small
        out[row] = torch.from_numpy(zero_phase(channel.double().numpy(), taps))
    return replace(recording, data=out)
