"""The plain log-mel spectrogram: Hann window, power, triangular bands on the HTK mel scale, natural logarithm."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from xmodal.errors import ConfigError
from xmodal.modalities.audio.front_end import FrontEnd


class LogMel(FrontEnd):
    """log(mel power + floor), frame i centred on sample i x hop; beyond both ends the sound is taken as silent.

    A band m has the response max(0, min((f - l) / (c - l), (r - f) / (r - c))) with l, c, r = 700 (10^(mel / 2595) - 1)
    at equal steps of mel, and no further normalisation.

    Args:
        rate_hz: of the waveforms.
        bins, frames, mean, scale: as in `FrontEnd`.
        n_fft, window, hop: samples; the window is centred inside n_fft.
        low_hz, high_hz: where the lowest band begins and the highest ends; None: half the rate.
        floor: added to the power, so that silence is log(floor).
    """

    def __init__(
        self,
        rate_hz: int = 16_000,
        bins: int = 64,
        frames: int | None = None,
        mean: float = 0.0,
        scale: float = 1.0,
        n_fft: int = 512,
        window: int = 400,
        hop: int = 160,
        low_hz: float = 0.0,
        high_hz: float | None = None,
        floor: float = 1e-6,
    ) -> None:
        super().__init__(bins, frames, mean, scale)
        high_hz = rate_hz / 2 if high_hz is None else high_hz
        if not 0 < window <= n_fft or hop < 1 or floor <= 0:
            raise ConfigError(
                f"LogMel needs 0 < window <= n_fft, hop, floor > 0, not {window}, {n_fft}, {hop}, {floor}"
            )
        if not 0 <= low_hz < high_hz <= rate_hz / 2:
            raise ConfigError(f"LogMel needs 0 <= low_hz < high_hz <= {rate_hz / 2:g}, not {low_hz:g}, {high_hz:g}")
        from torchaudio.transforms import MelSpectrogram  # type: ignore[import-untyped]

        self.rate_hz, self.hop, self.first, self.shortest = rate_hz, hop, 0.0, 1
        self.floor, self.fill = floor, math.log(floor)
        self.low_hz, self.high_hz = low_hz, high_hz
        self.mel = MelSpectrogram(
            rate_hz, n_fft, window, hop, low_hz, high_hz, n_mels=bins, power=2.0, center=True, pad_mode="constant"
        )
        for name, buffer in [*self.mel.named_buffers()]:  # constants: not a part of a saved model
            owner = self.mel.get_submodule(name.rpartition(".")[0])
            owner.register_buffer(name.rpartition(".")[2], buffer, persistent=False)

    def log_power(self, waveform: Tensor) -> Tensor:
        power: Tensor = self.mel(waveform)
        return (power + self.floor).log()

    def count(self, samples: int) -> int:
        return 1 + max(samples, self.shortest) // self.hop

    def bin_hz(self) -> Tensor:
        low, high = (2595 * math.log10(1 + hz / 700) for hz in (self.low_hz, self.high_hz))
        centres = torch.linspace(low, high, self.bins + 2)[1:-1]
        return 700 * (10 ** (centres / 2595) - 1)
