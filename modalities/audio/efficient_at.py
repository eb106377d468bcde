"""The mel spectrogram that the EfficientAT models read: 128 bands of 32 kHz sound, 100 frames a second.

Schmid, Koutini, Widmer: Efficient large-scale audio tagging via transformer-to-CNN knowledge distillation, ICASSP 2023.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from xmodal.modalities.audio.front_end import FrontEnd
from xmodal.modalities.audio.kaldi import kaldi_bands, kaldi_centres_hz

_FFT, _WINDOW, _PREEMPHASIS, _FLOOR, _HIGH_HZ = 1024, 800, 0.97, 1e-5, 15_000.0


class EfficientAtMel(FrontEnd):
    """Pre-emphasis, symmetric Hann window of 800 in 1024 samples every 320, Kaldi bands to 15 kHz, log(power + 1e-5).

    The setting used for evaluation: in its training the source also moves the ends of the bands at random. Frame i is
    centred on sample 320 i; the ends of the sound are mirrored.

    Args:
        bins, frames, mean, scale: as in `FrontEnd`; the defaults give the source's (x + 4.5) / 5. Frames past the end
            are silent.
    """

    rate_hz, hop, shortest, fill = 32_000, 320, _FFT // 2 + 2, math.log(_FLOOR)
    first = 1.0  # pre-emphasis takes a sample from the start
    window: Tensor
    bands: Tensor

    def __init__(self, bins: int = 128, frames: int | None = None, mean: float = -4.5, scale: float = 5.0) -> None:
        super().__init__(bins, frames, mean, scale)
        self.register_buffer("window", torch.hann_window(_WINDOW, periodic=False), persistent=False)
        self.register_buffer("bands", kaldi_bands(bins, _FFT, self.rate_hz, 0.0, _HIGH_HZ), persistent=False)

    def log_power(self, waveform: Tensor) -> Tensor:
        emphasised = waveform[:, 1:] - _PREEMPHASIS * waveform[:, :-1]
        spectrum = torch.stft(
            emphasised, _FFT, self.hop, _WINDOW, self.window, center=True, pad_mode="reflect", return_complex=True
        )
        return (self.bands @ spectrum.abs().square() + _FLOOR).log()

    def count(self, samples: int) -> int:
        return 1 + (max(samples, self.shortest) - 1) // self.hop

    def bin_hz(self) -> Tensor:
        return kaldi_centres_hz(self.bins, 0.0, _HIGH_HZ)
