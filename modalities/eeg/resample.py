"""Change the sampling rate by a ratio of whole numbers: one low-pass kernel, of which each output takes every p-th tap.

Crochiere, Rabiner: Multirate Digital Signal Processing, 1983.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.errors import ConfigError
from xmodal.modalities.eeg.recording import Recording

_KAISER_BETA, _ZEROS = 5.0, 10
_FINEST = 1000
"""Rates are taken to a thousandth of a Hz."""


def resample(recording: Recording, rate_hz: float) -> Recording:
    """The recording at another rate: ceil(T p / q) samples for rates of ratio p / q. Events keep their seconds.

    The mean of each channel is set aside meanwhile, so that a constant offset causes no ripples at the ends.

    Raises:
        ConfigError: the rate is not a positive number.
    """
    if not 0 < rate_hz < float("inf"):
        raise ConfigError(f"rate_hz: expected a positive number, found {rate_hz}")
    ratio = Fraction(rate_hz).limit_denominator(_FINEST) / Fraction(recording.rate_hz).limit_denominator(_FINEST)
    if ratio == 1:
        return recording
    out = torch.stack([_polyphase(x.double(), ratio.numerator, ratio.denominator).float() for x in recording.data])
    return replace(recording, data=out, rate_hz=recording.rate_hz * float(ratio))


def kernel(up: int, down: int) -> Tensor:
    """[2 K + 1] float64 low-pass at the lower of the two half rates, Kaiser window, K = 10 max(p, q), sum p."""
    half = _ZEROS * max(up, down)
    place = np.arange(-half, half + 1)
    taps = np.sinc(place / max(up, down)) * np.kaiser(2 * half + 1, _KAISER_BETA)
    return torch.from_numpy(taps / taps.sum() * up)


def _polyphase(signal: Tensor, up: int, down: int) -> Tensor:
    """[T] -> [ceil(T p / q)]: y[m] = sum_j h[k + j p] x[(m q + K - k) / p - j] with k = (m q + K) mod p."""
    mean = signal.mean()
    taps, count = kernel(up, down), -(-len(signal) * up // down)
    half = len(taps) // 2
    reach = len(taps) // up + down + 2
    padded = F.pad(signal - mean, (reach, reach + down))
    out = signal.new_zeros(count)
    for phase in range(min(up, count)):
        first = (phase * down + half) % up
        part = taps[first::up].flip(0)
        start = (phase * down + half - first) // up - len(part) + 1 + reach
        rows = len(out[phase::up])
        window = padded[start : start + (rows - 1) * down + len(part)]
        out[phase::up] = F.conv1d(window.view(1, 1, -1), part.view(1, 1, -1), stride=down).view(-1)
    return out + mean
