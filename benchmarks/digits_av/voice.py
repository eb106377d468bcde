"""Who speaks: what differs from voice to voice, drawn once a speaker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xmodal.benchmarks.digits_av.phones import PHONES

LOW_PITCH_HZ, HIGH_PITCH_HZ = 85.0, 250.0


@dataclass(frozen=True, slots=True)
class Voice:
    """One speaker.

    Attributes:
        pitch_hz: mean rate of the glottal pulses.
        tract: factor on all formants; above 1 for a vocal tract shorter than an adult male's.
        rate: factor on all durations.
        open_share: of a glottal cycle in which the folds are open.
        breath: noise of the glottis relative to its pulses.
        accent: [phones, 3] factors on the formants of each phone, in the order of `PHONES`.
        tilt: exponent of the microphone's response over frequency; above 0 is bright.
        noise: exponent of the background noise's spectrum; below 0 is a rumble.
    """

    pitch_hz: float
    tract: float
    rate: float
    open_share: float
    breath: float
    accent: NDArray[np.float64]
    tilt: float
    noise: float


def make_voice(seed: int, speaker: int) -> Voice:
    """The voice of a speaker by number. High voices tend to have short tracts, as women and children do."""
    rng = np.random.default_rng([seed, speaker])
    height = rng.uniform()
    pitch_hz = LOW_PITCH_HZ * (HIGH_PITCH_HZ / LOW_PITCH_HZ) ** height
    return Voice(
        pitch_hz=float(pitch_hz),
        tract=float(0.92 + 0.26 * height + rng.normal(0, 0.03)),
        rate=float(rng.uniform(0.8, 1.3)),
        open_share=float(rng.uniform(0.45, 0.75)),
        breath=float(rng.uniform(0.01, 0.08)),
        accent=np.exp(rng.normal(0, 0.06, (len(PHONES), 3))),
        tilt=float(rng.uniform(-0.4, 0.6)),
        noise=float(rng.uniform(-0.8, 0.2)),
    )
