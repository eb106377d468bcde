"""What every EEG adapter shares: how windows are read, checked and drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from xmodal.adapter import Adapter
from xmodal.bus import Tokens
from xmodal.data.batch import Batch
from xmodal.data.sample import Sample
from xmodal.errors import ConfigError, DataError

EXAMPLE_CHANNELS, EXAMPLE_SAMPLES, EXAMPLE_RATE_HZ = 19, 800, 200.0
"""The defaults of the adapters: the 10-20 system for four seconds, at the rate of the large published models."""


class EEGAdapter(Adapter):
    """Base of the adapters that read windows [B, C, T] in microvolts.

    Args:
        key: the entry to read, such as "eeg" or "eeg/left".
        channels: C.
        rate_hz: samples a second; places tokens in time.
        unit_uv: microvolts that the network sees as 1.
    """

    modality: ClassVar[str] = "eeg"

    def __init__(self, key: str, channels: int, rate_hz: float, unit_uv: float) -> None:
        super().__init__()
        if channels < 1 or not rate_hz > 0 or not unit_uv > 0:
            raise ConfigError(f"expected channels, rate_hz, unit_uv above 0, found {channels}, {rate_hz}, {unit_uv}")
        self.key, self.channels, self.rate_hz, self.unit_uv = key, channels, rate_hz, unit_uv
        self.inputs = (key,)

    def signal(self, batch: Batch, *, least: int, samples: int | None = None) -> Tensor:
        """[B, C, T] in the network's unit; a DataError for another number of channels or samples."""
        data = batch.tensor(self.key)
        wanted = f"[B, {self.channels}, {samples or f'T >= {least}'}]"
        if data.dim() != 3 or data.shape[1] != self.channels or data.shape[2] < least:
            raise DataError(f"entry {self.key!r}", expected=wanted, found=f"{list(data.shape)}")
        if samples is not None and data.shape[2] != samples:
            raise DataError(f"entry {self.key!r}", expected=wanted, found=f"{list(data.shape)}")
        return data / self.unit_uv

    def in_time(self, x: Tensor, centres: Tensor, rows: int = 1) -> Tokens:
        """Tokens on the grid (rows, patches).

        Args:
            x: [B, rows * patches, D], time running fastest.
            centres: [patches] the middle of each patch, in samples.
        """
        time_s = (centres.to(x.device, torch.float32) / self.rate_hz).repeat(rows).view(1, -1, 1)
        where = time_s.expand(len(x), -1, -1)
        return Tokens(x, where=where, frame="time_s", grid=(rows, len(centres)), key=self.key)

    @staticmethod
    def read(path: Path) -> Tensor:
        """The voltages of an EEG file, float32 [C, T] in microvolts; `read_recording` tells names and rate, too."""
        from xmodal.modalities.eeg.read import read_recording

        return read_recording(path).data

    @staticmethod
    def example(batch_size: int) -> Batch:
        return Batch(
            keys=tuple(f"example{i}" for i in range(batch_size)),
            entries={"eeg": 20 * torch.randn(batch_size, EXAMPLE_CHANNELS, EXAMPLE_SAMPLES)},
            index=torch.arange(batch_size),
        )

    @staticmethod
    def picture(sample: Sample, key: str) -> Any:
        """Traces one above the other with a scale bar; beside them a map of the head where places are known."""
        from xmodal.modalities.eeg.picture import picture

        return picture(sample, key)


def regular_centres(patches: int, samples: int) -> Tensor:
    """[patches]: the middles of equal patches that fill `samples`."""
    return (torch.arange(patches) + 0.5) * (samples / patches)
