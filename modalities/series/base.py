"""What the adapters of series share: how entries are read, padded, normalised and placed in time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from xmodal.adapter import Adapter
from xmodal.bus import Tokens
from xmodal.data.batch import Batch, Ragged, collate
from xmodal.data.sample import Rows, Sample
from xmodal.errors import ConfigError, DataError


class SeriesAdapter(Adapter):
    """Base of the adapters that read series: Rows([T, C]) of any lengths, or tensors [T, C] of one length.

    Args:
        channels: C.
        key: the entry to read.
        rate_hz: steps a second; tokens then lie in "time_s", else in "time_step".
        mean, std: [C] statistics of the training set, by which each channel is normalised; None for 0 and 1.
    """

    modality: ClassVar[str] = "series"
    mean: Tensor
    std: Tensor

    def __init__(
        self,
        channels: int = 6,
        key: str = "series",
        rate_hz: float | None = None,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        if channels < 1 or (rate_hz is not None and not rate_hz > 0):
            raise ConfigError(f"expected positive channels and rate_hz, found {channels} and {rate_hz}")
        self.key, self.channels, self.rate_hz = key, channels, rate_hz
        self.inputs = (key,)
        for name, given, default in (("mean", mean, 0.0), ("std", std, 1.0)):
            values = [default] * channels if given is None else list(given)
            if len(values) != channels or (name == "std" and min(values) <= 0):
                raise ConfigError(f"{name}: expected {channels} numbers (std above 0), found {values}")
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32))

    def padded(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """([B, T, C] normalised, zeros where there is no step; [B, T] bool which steps there are), T >= 1."""
        entry = batch[self.key]
        values = entry.values if isinstance(entry, Ragged) else entry
        if values.shape[-1] != self.channels or values.ndim != (2 if isinstance(entry, Ragged) else 3):
            expected = f"series [T, {self.channels}] (the adapter's `channels`)"
            raise DataError(f"entry {self.key!r}", expected=expected, found=f"{list(values.shape)} over the batch")
        if isinstance(entry, Ragged):
            x, valid = entry.padded()
        else:
            x, valid = entry, torch.ones(entry.shape[:2], dtype=torch.bool, device=entry.device)
        if not x.shape[1]:
            x, valid = x.new_zeros(len(x), 1, self.channels), valid.new_zeros(len(x), 1)
        x = (x.float() - self.mean) / self.std
        return x.masked_fill(~valid.unsqueeze(-1), 0), valid

    def time_tokens(self, x: Tensor, valid: Tensor, steps: Tensor, stride: int) -> Tokens:
        """Tokens x [B, N, D], token j made of the steps [j * stride, (j + 1) * stride); the grid if all count.

        Args:
            valid: [B, N] bool.
            steps: [B, T] bool: which raw steps there are.
        """
        raw = torch.arange(steps.shape[1], device=x.device) // stride
        centre = (torch.arange(x.shape[1], device=x.device) + 0.5) * stride
        where = centre if self.rate_hz is None else centre / self.rate_hz
        equal = bool(steps.all())
        return Tokens(
            x,
            valid=None if equal else valid,
            where=where.view(1, -1, 1).expand(len(x), -1, -1),
            frame="time_step" if self.rate_hz is None else "time_s",
            grid=(x.shape[1],) if equal else None,
            of=torch.where(steps, raw, -1),
            key=self.key,
        )

    @staticmethod
    def read(path: Path) -> Rows:
        """All channels of a .csv, .npy or MATLAB 7.3 .mat file; `read_series` chooses some."""
        from xmodal.modalities.series.read import read_series

        return read_series(path)

    @staticmethod
    def example(batch_size: int) -> Batch:
        lengths = torch.randint(20, 60, (batch_size,)).tolist()
        return collate([Sample(f"example-{i}", {"series": Rows(torch.randn(t, 6))}) for i, t in enumerate(lengths)])

    @staticmethod
    def picture(sample: Sample, key: str) -> Any:
        """Stacked traces over time."""
        from xmodal.modalities.series.picture import picture

        return picture(sample, key)
