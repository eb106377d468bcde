"""What every front end shares: waveform to normalised log spectrogram, with its axes in seconds and Hz."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.errors import ConfigError, DataError


class FrontEnd(nn.Module):
    """Base of the front ends: a waveform in, (log power - mean) / scale out; natural logarithms of squared full scale.

    Args:
        bins: F, the mel bands.
        frames: cut or fill up to that many; None keeps as many as the waveform gives.
        mean, scale: of the log power, in nepers; the output is (log power - mean) / scale.

    Attributes:
        rate_hz: the sampling rate of the waveforms it takes.
        hop: samples from one frame to the next.
        first: the sample at the centre of frame 0.
        shortest: samples that one frame needs; shorter waveforms are filled up with zeros.
        fill: the log power that frames past the end are given.
    """

    rate_hz: int
    hop: int
    first: float
    shortest: int
    fill: float

    def __init__(self, bins: int, frames: int | None, mean: float, scale: float) -> None:
        super().__init__()
        if bins < 1 or (frames is not None and frames < 1) or scale <= 0:
            raise ConfigError(f"bins, frames and scale must be positive, found {bins}, {frames}, {scale}")
        self.bins, self.frames, self.mean, self.scale = bins, frames, mean, scale

    def log_power(self, waveform: Tensor) -> Tensor:
        """waveform [B, T], T >= shortest, float32 -> log power [B, F, n]."""
        raise NotImplementedError

    def count(self, samples: int) -> int:
        """The frames of a waveform of that many samples, before `frames` cuts or fills up."""
        raise NotImplementedError

    def bin_hz(self) -> Tensor:
        """[F]: the centre of each band in Hz."""
        raise NotImplementedError

    def time_s(self, frame: Tensor) -> Tensor:
        """The centre of a frame in seconds from the start of the waveform; fractions of a frame are allowed."""
        return (self.first + self.hop * frame) / self.rate_hz

    def forward(self, waveform: Tensor) -> Tensor:
        """Waveform [B, T] at rate_hz, full scale at ±1 -> spectrogram [B, 1, F, T'], low bands first."""
        if waveform.ndim != 2:
            raise DataError("waveform of a front end", expected="[B, T]", found=f"{list(waveform.shape)}")
        # Half precision has too few digits for powers over 80 dB, and no FFT on the CPU.
        with torch.autocast(waveform.device.type, enabled=False):
            wide = F.pad(waveform.float(), (0, max(0, self.shortest - waveform.shape[1])))
            power = self.log_power(wide)
            if self.frames is not None:
                missing = self.frames - power.shape[2]
                power = F.pad(power, (0, missing), value=self.fill)  # a negative pad cuts
            return ((power - self.mean) / self.scale).unsqueeze(1)
