"""The Kaldi filter bank that AST and ImageBind read: 25 ms frames every 10 ms at 16 kHz."""

from __future__ import annotations

import torch
from torch import Tensor

from xmodal.modalities.audio.front_end import FrontEnd

_WINDOW, _FFT, _PREEMPHASIS, _LOW_HZ = 400, 512, 0.97, 20.0


class KaldiFbank(FrontEnd):
    """Frames of 400 samples every 160, without those that would overrun the end; natural logarithm of mel power.

    Each frame loses its mean, is pre-emphasised (0.97) and weighted by a symmetric Hann window; 512-point power
    spectrum; bands that are triangles on the mel scale 1127 ln(1 + f / 700) from 20 Hz to 8 kHz; no dither. What
    `torchaudio.compliance.kaldi.fbank` gives with window_type="hanning" and dither=0, for a whole batch at once.
    (AST also takes the mean off the whole recording; taking it off each frame leaves that without effect.)

    Args:
        bins, frames, mean, scale: as in `FrontEnd`. Frames past the end hold the log power 0, as in AST.
    """

    rate_hz, hop, shortest, fill = 16_000, 160, _WINDOW, 0.0
    first = (_WINDOW - 1) / 2
    window: Tensor
    bands: Tensor

    def __init__(self, bins: int = 128, frames: int | None = None, mean: float = 0.0, scale: float = 1.0) -> None:
        super().__init__(bins, frames, mean, scale)
        self.register_buffer("window", torch.hann_window(_WINDOW, periodic=False), persistent=False)
        self.register_buffer(
            "bands", kaldi_bands(bins, _FFT, self.rate_hz, _LOW_HZ, self.rate_hz / 2), persistent=False
        )

    def log_power(self, waveform: Tensor) -> Tensor:
        frames = waveform.unfold(1, _WINDOW, self.hop)  # [B, n, window]
        frames = frames - frames.mean(2, keepdim=True)
        previous = torch.cat([frames[..., :1], frames[..., :-1]], 2)
        frames = (frames - _PREEMPHASIS * previous) * self.window
        power = torch.fft.rfft(frames, _FFT).abs().square()
        bank: Tensor = power @ self.bands.T
        return bank.clamp_min(torch.finfo(torch.float32).eps).log().transpose(1, 2)

    def count(self, samples: int) -> int:
        return 1 + (max(samples, self.shortest) - _WINDOW) // self.hop

    def bin_hz(self) -> Tensor:
        return kaldi_centres_hz(self.bins, _LOW_HZ, self.rate_hz / 2)


def kaldi_bands(bins: int, n_fft: int, rate_hz: int, low_hz: float, high_hz: float) -> Tensor:
    """[F, n_fft // 2 + 1]: triangles on Kaldi's mel scale; nothing is taken from the last FFT bin."""
    from torchaudio.compliance.kaldi import get_mel_banks  # type: ignore[import-untyped]

    # The warp of vocal tracts (100, -500, 1) is Kaldi's default and does nothing at factor 1.
    bands, _ = get_mel_banks(bins, n_fft, float(rate_hz), low_hz, high_hz, 100.0, -500.0, 1.0)
    return torch.nn.functional.pad(bands, (0, 1))


def kaldi_centres_hz(bins: int, low_hz: float, high_hz: float) -> Tensor:
    """[F]: the centre of each band in Hz."""
    low, high = 1127 * torch.log1p(torch.tensor([low_hz, high_hz]) / 700)
    step = (high - low) / (bins + 1)
    return 700 * torch.expm1((low + step * torch.arange(1, bins + 1)) / 1127)
