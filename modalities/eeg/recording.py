"""One EEG recording: what was measured, where, how fast, and what happened meanwhile."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from xmodal.errors import DataError


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened during a recording.

    Attributes:
        onset_s: seconds since the first sample of the data.
        duration_s: 0 for a moment.
        description: the text or code that the file gives it.
    """

    onset_s: float
    duration_s: float
    description: str


@dataclass(frozen=True, slots=True)
class Recording:
    """A continuous recording of C channels over T samples.

    Attributes:
        data: [C, T] float32 in microvolts.
        channels: C names, each once.
        rate_hz: samples a second.
        positions_m: [C, 3] x (right), y (front), z (up) in metres from the centre between the ears, NaN for a channel
            whose place is unknown; None if none is known.
        events: in order of onset.

    Raises:
        DataError: the parts do not fit each other.
    """

    data: Tensor
    channels: tuple[str, ...]
    rate_hz: float
    positions_m: Tensor | None = None
    events: tuple[Event, ...] = ()

    def __post_init__(self) -> None:
        if self.data.dim() != 2 or self.data.dtype != torch.float32 or not self.data.numel():
            found = f"{list(self.data.shape)} {self.data.dtype}"
            raise DataError("recording: data", expected="float32 [C >= 1, T >= 1]", found=found)
        count = len(self.data)
        if len(self.channels) != count or len(set(self.channels)) != count:
            found = f"{len(self.channels)} names, {len(set(self.channels))} of them distinct"
            raise DataError("recording: channels", expected=f"{count} distinct names", found=found)
        if not (math.isfinite(self.rate_hz) and self.rate_hz > 0):
            raise DataError("recording: rate_hz", expected="a positive number", found=f"{self.rate_hz}")
        if self.positions_m is not None and self.positions_m.shape != (count, 3):
            found = f"{list(self.positions_m.shape)}"
            raise DataError("recording: positions_m", expected=f"[{count}, 3]", found=found)

    @property
    def duration_s(self) -> float:
        """The length of the recording in seconds."""
        return self.data.shape[1] / self.rate_hz
