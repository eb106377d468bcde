"""Augmentations of a waveform that take along what is given in its time; both of its forms stay what they were.

A dense label of a waveform has one value a sample: [T] or Rows([T]). A link into it gives seconds, Rows([E, 1]).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from xmodal.data.sample import Sample
from xmodal.data.transforms import (
    EntryTransform,
    draw_seed,
    map_labels,
    map_links_from,
    map_links_into,
    seeded,
    uniform,
)
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.audio.read import RATE_HZ
from xmodal.modalities.audio.spectrogram import SpecAugment, Spectrogram
from xmodal.modalities.audio.waveform import set_waveform, waveform_of

__all__ = ["CentreCrop", "Gain", "Noise", "RandomCrop", "SpecAugment", "Spectrogram", "TimeShift"]


class RandomCrop(EntryTransform):
    """Cut `length_s` seconds out of the sound at a random place; a shorter sound is placed at random among zeros."""

    fields = ("length", "start")

    def __init__(self, length_s: float = 1.0, rate_hz: int = RATE_HZ, key: str = "audio") -> None:
        super().__init__(key)
        self.length, self.rate_hz = round(length_s * rate_hz), rate_hz
        if self.length < 1:
            raise ConfigError(f"{type(self).__name__} needs a length of at least one sample, not {length_s} s")

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        spare = waveform_of(sample, self.key).shape[1] - self.length
        start = int(uniform(min(spare, 0), max(spare, 0) + 1, generator) // 1)
        return {"length": self.length, "start": start}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        return _window(sample, self.key, params["start"], params["length"], self.rate_hz)


class CentreCrop(RandomCrop):
    """Cut `length_s` seconds out of the middle; a shorter sound stands in the middle of zeros. For evaluation."""

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        spare = waveform_of(sample, self.key).shape[1] - self.length
        return {"length": self.length, "start": spare // 2}


class TimeShift(EntryTransform):
    """Move the sound later or earlier by up to `longest_s` seconds; zeros come in, the length stays."""

    fields = ("shift",)

    def __init__(self, longest_s: float = 0.1, rate_hz: int = RATE_HZ, key: str = "audio") -> None:
        super().__init__(key)
        if longest_s < 0:
            raise ConfigError(f"TimeShift needs longest_s >= 0, not {longest_s}")
        self.longest, self.rate_hz = round(longest_s * rate_hz), rate_hz

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"shift": int(uniform(-self.longest, self.longest + 1, generator) // 1)}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        length = waveform_of(sample, self.key).shape[1]
        return _window(sample, self.key, -params["shift"], length, self.rate_hz)


class Gain(EntryTransform):
    """Make the sound louder or softer by a gain drawn from [low_db, high_db)."""

    fields = ("gain_db",)

    def __init__(self, low_db: float = -6.0, high_db: float = 6.0, key: str = "audio") -> None:
        super().__init__(key)
        if low_db > high_db:
            raise ConfigError(f"Gain needs low_db <= high_db, not {low_db}, {high_db}")
        self.low_db, self.high_db = low_db, high_db

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"gain_db": uniform(self.low_db, self.high_db, generator)}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        factor = 10 ** (params["gain_db"] / 20)
        return set_waveform(sample, self.key, waveform_of(sample, self.key) * factor)


class Noise(EntryTransform):
    """Add white noise at a signal-to-noise ratio drawn from [low_db, high_db); silence stays silent."""

    fields = ("seed", "std")

    def __init__(self, low_db: float = 10.0, high_db: float = 40.0, key: str = "audio") -> None:
        super().__init__(key)
        if low_db > high_db:
            raise ConfigError(f"Noise needs low_db <= high_db, not {low_db}, {high_db}")
        self.low_db, self.high_db = low_db, high_db

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        # The level is stored, not computed again: threads add up a mean in an order that may change its last bits.
        loudness = float(waveform_of(sample, self.key).double().square().mean().sqrt())
        ratio_db = uniform(self.low_db, self.high_db, generator)
        return {"seed": draw_seed(generator), "std": loudness * 10 ** (-ratio_db / 20)}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        waveform = waveform_of(sample, self.key)
        noise = torch.randn(waveform.shape, generator=seeded(params["seed"])) * params["std"]
        return set_waveform(sample, self.key, waveform + noise.to(waveform.dtype))


def _window(sample: Sample, key: str, start: int, length: int, rate_hz: int) -> Sample:
    """The samples [start, start + length) of the sound; where it has none, zeros and unknown labels."""
    waveform = waveform_of(sample, key)
    count = waveform.shape[1]
    if length < 1 or start >= count or start + length <= 0:
        found = f"start {start}, length {length}"
        raise DataError(f"crop of {sample.key!r}", expected=f"a window that meets [0, {count})", found=found)

    def cut(values: Tensor, fill: float) -> Tensor:
        """[T, ...] -> [length, ...]."""
        out = values.new_full((length, *values.shape[1:]), fill)
        inside = values[max(start, 0) : start + length]
        at = max(-start, 0)
        out[at : at + len(inside)] = inside
        return out

    def along(values: Tensor) -> Tensor:
        if len(values) != count:
            where = f"a label or link of {key!r} in sample {sample.key!r}"
            raise DataError(where, expected=f"{count} rows, as the sound has samples", found=f"{len(values)}")
        return cut(values, float("nan") if values.is_floating_point() else -1)

    def seconds(time_s: Tensor) -> Tensor:
        moved = time_s - start / rate_hz
        return torch.where((moved >= 0) & (moved < length / rate_hz), moved, torch.nan)

    edited = set_waveform(sample, key, cut(waveform.T, 0.0).T.contiguous())
    return map_labels(map_links_from(map_links_into(edited, key, seconds), key, along), key, along)
