"""Augmentations of EEG windows [C, T] in microvolts; each draws numbers and replays them exactly.

Labels given for every sample of the window ([..., T]) and links into the window (Rows([E, 1]): the sample number) move
along in time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import (
    EntryTransform,
    Flip,
    Scaling,
    chance,
    draw_seed,
    map_labels,
    map_links_into,
    seeded,
    set_entry,
    uniform,
)
from xmodal.errors import ConfigError, DataError


class RandomCrop(EntryTransform):
    """Cut a window of `samples` out of the time axis, its place drawn uniformly."""

    fields = ("samples", "start")

    def __init__(self, samples: int, key: str = "eeg") -> None:
        super().__init__(key)
        if samples < 1:
            raise ConfigError(f"RandomCrop needs samples >= 1, not {samples}")
        self.samples = samples

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        count = signal_of(sample, self.key).shape[1]
        if count < self.samples:
            where = f"entry {self.key!r} of {sample.key!r}"
            raise DataError(where, expected=f"at least {self.samples} samples", found=f"{count}")
        return {"samples": self.samples, "start": int(uniform(0, count - self.samples + 1, generator))}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        start, end = params["start"], params["start"] + params["samples"]
        count = signal_of(sample, self.key).shape[1]
        if not 0 <= start < end <= count:
            raise DataError(f"crop of {sample.key!r}", expected=f"inside 0 to {count}", found=f"{start} to {end}")

        def move(place: Tensor) -> Tensor:
            moved = place - start
            return torch.where((moved >= 0) & (moved < end - start), moved, torch.nan)

        return _in_time(sample, self.key, lambda x: x[..., start:end].clone(), move)


class TimeShift(EntryTransform):
    """Shift by up to `samples` to either side; what leaves at one end enters at the other."""

    fields = ("shift",)

    def __init__(self, samples: int, key: str = "eeg") -> None:
        super().__init__(key)
        if samples < 0:
            raise ConfigError(f"TimeShift needs samples >= 0, not {samples}")
        self.samples = samples

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"shift": int(uniform(0, 2 * self.samples + 1, generator)) - self.samples}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        shift, count = params["shift"], signal_of(sample, self.key).shape[1]
        return _in_time(sample, self.key, lambda x: x.roll(shift, -1), lambda place: (place + shift) % count)


class ChannelDropout(EntryTransform):
    """Set each channel to 0 with a probability, as an electrode that has come off."""

    fields = ("dropped",)

    def __init__(self, probability: float = 0.1, key: str = "eeg") -> None:
        super().__init__(key)
        if not 0 <= probability < 1:
            raise ConfigError(f"ChannelDropout needs 0 <= probability < 1, not {probability}")
        self.probability = probability

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        channels = range(len(signal_of(sample, self.key)))
        return {"dropped": [c for c in channels if chance(self.probability, generator)]}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        data = signal_of(sample, self.key).clone()
        data[torch.tensor(params["dropped"], dtype=torch.long)] = 0
        return set_entry(sample, self.key, data)


class GaussianNoise(EntryTransform):
    """Add normal noise of `std_uv` microvolts, independent for each channel and sample."""

    fields = ("seed", "std_uv")

    def __init__(self, std_uv: float = 2.0, key: str = "eeg") -> None:
        super().__init__(key)
        if not std_uv >= 0:
            raise ConfigError(f"GaussianNoise needs std_uv >= 0, not {std_uv}")
        self.std_uv = std_uv

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"seed": draw_seed(generator), "std_uv": self.std_uv}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        data = signal_of(sample, self.key)
        noise = torch.randn(data.shape, generator=seeded(params["seed"])) * params["std_uv"]
        return set_entry(sample, self.key, data + noise.to(data.dtype))


class SignFlip(Flip):
    """Turn all potentials around (x becomes -x) with a probability."""

    def __init__(self, probability: float = 0.5, key: str = "eeg") -> None:
        super().__init__(probability, key)

    def flipped(self, sample: Sample) -> Sample:
        return set_entry(sample, self.key, -signal_of(sample, self.key))


class Scale(Scaling):
    """Scale all amplitudes by one factor drawn from [low, high)."""

    def __init__(self, low: float = 0.8, high: float = 1.25, key: str = "eeg") -> None:
        super().__init__(low, high, key)

    def scaled(self, sample: Sample, factor: float) -> Sample:
        return set_entry(sample, self.key, signal_of(sample, self.key) * factor)


def signal_of(sample: Sample, key: str) -> Tensor:
    """The window [C, T] of the entry `key`; a DataError if it is something else."""
    entry = sample.entries[key]
    if isinstance(entry, Rows) or entry.ndim != 2 or not entry.is_floating_point():
        found = "a set" if isinstance(entry, Rows) else f"{list(entry.shape)} {entry.dtype}"
        raise DataError(f"entry {key!r} of {sample.key!r}", expected="a float tensor [C, T]", found=found)
    return entry


def _in_time(sample: Sample, key: str, cut: Callable[[Tensor], Tensor], move: Callable[[Tensor], Tensor]) -> Sample:
    """`cut` [..., T] edits the signal and its dense labels, `move` [E, 1] the sample numbers that point into it."""
    data = signal_of(sample, key)
    if any(a == key for a, _ in sample.links):
        expected = "none, as a change in time would break it"
        raise DataError(f"sample {sample.key!r}: links that start at {key!r}", expected=expected, found="one")

    def labels(label: Tensor) -> Tensor:
        if label.shape[-1] != data.shape[1]:
            where = f"dense label of {key!r} in sample {sample.key!r}"
            raise DataError(where, expected=f"[..., {data.shape[1]}]", found=f"{list(label.shape)}")
        return cut(label)

    return map_labels(map_links_into(set_entry(sample, key, cut(data)), key, move), key, labels)
