"""Change the sampling rate of waveforms."""

from __future__ import annotations

from math import ceil, gcd

import torch
from torch import Tensor

from xmodal.errors import DataError

MOST_TAPS = 2**24
"""The filter of a ratio p / q holds about p x q numbers: rates without a common divisor would fill the memory."""
# Small enough that the lengths torchaudio computes in float32 are exact.
_BLOCK = 2**21
# torchaudio's own default (6 zero crossings) lets mirror images through: 8 kHz speech shows them up to 5 kHz.
_CROSSINGS, _ROLLOFF, _BETA = 64, 0.9475937167399596, 14.769656459379492


def check_ratio(where: object, found_hz: int, rate_hz: int) -> None:
    """Refuse two rates whose ratio has large terms; a DataError names `where`."""
    common = gcd(found_hz, rate_hz)
    if found_hz // common * (rate_hz // common) > MOST_TAPS:
        expected = f"a rate in simple ratio to {rate_hz} Hz (8000, 22050, 44100, 48000, ...)"
        found = f"{found_hz} Hz, a ratio of {found_hz // common} to {rate_hz // common}"
        raise DataError(f"{where}: sampling rate", expected=expected, found=found)


def resample(waveform: Tensor, found_hz: int, rate_hz: int, block: int = _BLOCK) -> Tensor:
    """Waveform [..., T] -> [..., ceil(T rate_hz / found_hz)] by band-limited interpolation.

    A Kaiser-windowed sinc of 64 zero crossings: the setting that torchaudio documents as the like of librosa's best.

    Args:
        block: about how many numbers to change at a time, which bounds the memory; the result does not depend on it.
    """
    if found_hz == rate_hz:
        return waveform
    check_ratio("waveform", found_hz, rate_hz)
    common = gcd(found_hz, rate_hz)
    q, p = found_hz // common, rate_hz // common  # q samples in become p samples out
    length = waveform.shape[-1]
    # A block sees as much of its neighbours as the filter reaches, and begins where an output falls on an input.
    context = q * (1 + ceil(_CROSSINGS * q / (min(p, q) * _ROLLOFF) / q))
    step = q * max(1, block * length // max(1, waveform.numel()) // max(p, q), context // q)
    parts = []
    for start in range(0, length, step):
        before = min(start, context)
        part = _changed(waveform[..., start - before : start + step + context], found_hz, rate_hz)
        count = step // q * p if start + step < length else ceil((length - start) * p / q)
        parts.append(part[..., before // q * p :][..., :count])
    return torch.cat(parts, -1) if len(parts) > 1 else parts[0]


def _changed(waveform: Tensor, found_hz: int, rate_hz: int) -> Tensor:
    from torchaudio.functional import resample as interpolate  # type: ignore[import-untyped]

    changed: Tensor = interpolate(
        waveform,
        found_hz,
        rate_hz,
        lowpass_filter_width=_CROSSINGS,
        rolloff=_ROLLOFF,
        resampling_method="sinc_interp_kaiser",
        beta=_BETA,
    )
    return changed
