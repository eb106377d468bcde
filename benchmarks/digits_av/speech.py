"""Synthesis of a spoken digit: glottal pulses and noise through the resonances of a moving vocal tract.

Source and filter are kept apart (Fant 1960). The filter is applied frame by frame in the frequency domain: windows of
16 ms, half overlapping, each multiplied with the response of the tract at its middle, and added up again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xmodal.benchmarks.digits_av.phones import PHONES, WORDS
from xmodal.benchmarks.digits_av.voice import Voice

RATE_HZ, LENGTH = 8000, 8000
HOP, N_FFT = 64, 256
"""Samples; a window has 2 HOP of them, and the rest of N_FFT takes up what the resonances ring on."""
FOURTH_HZ = 3300.0
BANDWIDTHS_HZ = (70.0, 100.0, 150.0, 220.0)
GLIDE_MS, ATTACK_MS = 70.0, 20.0
SNR_DB = (3.0, 20.0)

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tracks:
    """What changes while a word is said, by frame of HOP samples.

    formants_hz [n, 4]; voice, breath, hiss [n] amplitudes; hiss_hz, hiss_width_hz [n].
    """

    formants_hz: Array
    voice: Array
    breath: Array
    hiss: Array
    hiss_hz: Array
    hiss_width_hz: Array


def say(digit: int, voice: Voice, rng: np.random.Generator) -> NDArray[np.float32]:
    """One recording [LENGTH] at RATE_HZ, in [-1, 1]: the word at a random place, level and signal-to-noise ratio."""
    word = _filtered(_tracks(digit, voice, rng), voice, rng)[: LENGTH - 400]
    sound = np.zeros(LENGTH)
    start = int(rng.integers(0, LENGTH - len(word) + 1))
    sound[start : start + len(word)] = word
    power = float(np.mean(word**2))
    background = _coloured(LENGTH, voice.noise, rng)
    sound += background * np.sqrt(power / np.mean(background**2)) * 10 ** (-rng.uniform(*SNR_DB) / 20)
    sound *= rng.uniform(0.2, 0.9) / np.abs(sound).max()
    return sound.astype(np.float32)


def _tracks(digit: int, voice: Voice, rng: np.random.Generator) -> Tracks:
    names = list(PHONES)
    parts = [(PHONES[name], voice.accent[names.index(name)]) for name in WORDS[digit]]
    frame_ms = 1000 * HOP / RATE_HZ
    counts = [max(1, round(p.duration_ms * voice.rate * rng.uniform(0.8, 1.25) / frame_ms)) for p, _ in parts]
    loose = np.exp(rng.normal(0, 0.03, (len(parts), 3)))  # nobody hits a target twice

    def held(values: list[float]) -> Array:
        return np.repeat(np.array(values, dtype=np.float64), counts)

    targets = np.array([np.array(p.formants_hz) * accent for p, accent in parts]) * loose * voice.tract
    formants = np.repeat(targets, counts, axis=0)
    glide, attack = (max(1, round(ms / frame_ms)) for ms in (GLIDE_MS * voice.rate, ATTACK_MS))
    smooth = np.column_stack([_smooth(track, glide) for track in formants.T])
    fourth = np.full((len(smooth), 1), FOURTH_HZ * voice.tract)
    return Tracks(
        formants_hz=np.minimum(np.concatenate([smooth, fourth], axis=1), 0.48 * RATE_HZ),
        voice=_smooth(held([p.voice for p, _ in parts]), attack, ends=0.0),
        breath=_smooth(held([p.breath for p, _ in parts]), attack, ends=0.0),
        hiss=_smooth(held([p.hiss for p, _ in parts]), attack, ends=0.0),
        hiss_hz=held([p.hiss_hz for p, _ in parts]) * (1 + 0.3 * (voice.tract - 1)),
        hiss_width_hz=held([p.hiss_width_hz for p, _ in parts]),
    )


def _smooth(track: Array, frames: int, ends: float | None = None) -> Array:
    """Weighted means over about twice `frames`, same length; beyond the ends stands `ends`, or the end's own value."""
    window = np.hanning(2 * frames + 1)[1:-1] if frames > 1 else np.ones(1)
    half = len(window) // 2
    wide = np.pad(track, half, mode="edge") if ends is None else np.pad(track, half, constant_values=ends)
    return np.convolve(wide, window / window.sum(), mode="valid")


def _filtered(tracks: Tracks, voice: Voice, rng: np.random.Generator) -> Array:
    """The word's waveform: both sources through their filters, overlap-added."""
    n_frames = len(tracks.voice)
    count = (n_frames + 1) * HOP
    centre = (np.arange(n_frames) + 1) * HOP  # the sample in the middle of each window

    def at_samples(track: Array) -> Array:
        return np.interp(np.arange(count), centre, track)

    glottis = _pulses(count, voice, rng) * at_samples(tracks.voice)
    glottis += rng.normal(0, 1, count) * at_samples(tracks.breath + voice.breath * tracks.voice)
    hiss = rng.normal(0, 1, count) * at_samples(tracks.hiss)
    omega = 2 * np.pi * np.arange(N_FFT // 2 + 1) / N_FFT  # [bins]
    microphone = ((omega + 0.1) / 1.0) ** voice.tilt
    spectrum = _frames(glottis) * _tract(tracks.formants_hz, omega)
    band_hz = omega * RATE_HZ / (2 * np.pi) - tracks.hiss_hz[:, None]
    spectrum += _frames(hiss) * np.exp(-((band_hz / tracks.hiss_width_hz[:, None]) ** 2))
    pieces = np.fft.irfft(spectrum * microphone, N_FFT)  # [n, N_FFT]
    word = np.zeros(count + N_FFT)
    for i, piece in enumerate(pieces):
        word[i * HOP : i * HOP + N_FFT] += piece
    return word


def _pulses(count: int, voice: Voice, rng: np.random.Generator) -> Array:
    """[count]: derivative of the glottal flow t^2 - t^3 (Rosenberg 1971), with falling pitch, jitter and shimmer."""
    time = np.linspace(0, 1, count)
    melody = 1 + rng.uniform(0.0, 0.15) - rng.uniform(0.05, 0.35) * time
    jitter = 1 + _smooth(rng.normal(0, 0.04, count), 40)
    cycle = np.cumsum(voice.pitch_hz * melody * jitter / RATE_HZ) + rng.uniform()
    number, phase = np.divmod(cycle, 1.0)
    shimmer = np.exp(rng.normal(0, 0.08, int(number[-1]) + 2))[number.astype(int)]
    t = phase / voice.open_share
    return np.asarray(np.where(t < 1, 2 * t - 3 * t**2, 0.0) * shimmer)


def _frames(x: Array) -> NDArray[np.complex128]:
    """[n, bins]: spectra of half-overlapping Hann windows, which add up to 1."""
    window = 0.5 - 0.5 * np.cos(np.pi * (np.arange(2 * HOP) + 0.5) / HOP)
    cut = np.lib.stride_tricks.sliding_window_view(x, 2 * HOP)[::HOP]
    return np.fft.rfft(cut * window, N_FFT)


def _tract(formants_hz: Array, omega: Array) -> NDArray[np.complex128]:
    """[n, bins]: the product of one resonator a formant, each with gain 1 at 0 Hz."""
    radius = np.exp(-np.pi * np.array(BANDWIDTHS_HZ) / RATE_HZ)
    delay = np.exp(-1j * omega)
    response = np.ones((len(formants_hz), len(omega)), dtype=np.complex128)
    for r, hz in zip(radius, formants_hz.T, strict=True):
        b = 2 * r * np.cos(2 * np.pi * hz / RATE_HZ)[:, None]
        response *= (1 - b + r**2) / (1 - b * delay + r**2 * delay**2)
    return response


def _coloured(count: int, exponent: float, rng: np.random.Generator) -> Array:
    """[count]: noise whose amplitude grows with frequency to the power of `exponent`."""
    spectrum = np.fft.rfft(rng.normal(0, 1, count))
    return np.fft.irfft(spectrum * (np.arange(len(spectrum)) + 20.0) ** exponent, count)
