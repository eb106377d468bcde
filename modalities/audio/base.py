"""What every audio adapter shares: how sound is read, put into a rectangle and drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from xmodal.adapter import Adapter
from xmodal.data.batch import Batch, Ragged, collate
from xmodal.data.sample import Rows, Sample
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.audio.read import RATE_HZ, read_audio


class AudioAdapter(Adapter):
    """Base of the adapters that read waveforms: Tensor [C, T] where all have one length, else Rows([T, C]).

    Both forms hold floats with full scale at ±1; channels are averaged.

    Args:
        key: the entry to read.
        rate_hz: the sampling rate of the entries. `read` gives 16 kHz.
    """

    modality: ClassVar[str] = "audio"

    def __init__(self, key: str = "audio", rate_hz: int = RATE_HZ) -> None:
        super().__init__()
        if rate_hz < 1:
            raise ConfigError(f"rate_hz: expected a positive rate, found {rate_hz}")
        self.key, self.rate_hz = key, rate_hz
        self.inputs = (key,)

    def mono(self, batch: Batch) -> tuple[Tensor, Tensor | None]:
        """([B, T] float32 with zeros after the end of each waveform, [B] their lengths or None where all are equal)."""
        entry = batch[self.key]
        values = entry.values if isinstance(entry, Ragged) else entry
        if values.ndim != (2 if isinstance(entry, Ragged) else 3) or not values.is_floating_point():
            expected = "waveforms of floats, [B, C, T] or Rows([T, C])"
            raise DataError(f"entry {self.key!r}", expected=expected, found=f"{list(values.shape)} {values.dtype}")
        if isinstance(entry, Ragged):
            mono, _ = Ragged(values.float().mean(1), entry.lengths).padded()
            return mono, entry.lengths
        return values.float().mean(1), None

    @staticmethod
    def read(path: Path) -> Rows:
        """A .wav, .flac or .ogg file as Rows([T, 1]) at 16 kHz; `read_audio` keeps channels and gives other rates."""
        return Rows(read_audio(path).mean(0).unsqueeze(1))

    @staticmethod
    def example(batch_size: int) -> Batch:
        lengths = torch.randint(4000, 8000, (batch_size,)).tolist()
        sounds = [Rows(0.1 * torch.randn(length, 1)) for length in lengths]
        return collate([Sample(f"example-{i}", {"audio": sound}) for i, sound in enumerate(sounds)])

    @staticmethod
    def picture(sample: Sample, key: str) -> Any:
        """The waveform above its spectrogram."""
        from xmodal.modalities.audio.picture import picture

        return picture(sample, key)
