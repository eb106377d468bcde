"""Turn a waveform into its spectrogram, and mask parts of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import EntryTransform, set_entry, uniform
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.audio.front_ends import make_front_end, spectrogram
from xmodal.modalities.audio.read import RATE_HZ
from xmodal.modalities.audio.waveform import waveform_of


class Spectrogram(EntryTransform):
    """Replace the waveform by its spectrogram [1, F, T'], for an adapter with entry="spectrogram".

    Draws nothing. The axes are noted in `sample.meta["spectrogram"][key]`: "time_s" of frames 0 and 1, "bin_hz".
    Links into the entry, in seconds, stay true; labels and links with a row for each sample of sound are refused.

    Args:
        front_end, settings: as in `make_front_end`.
        rate_hz: of the waveforms; another one than the front end's is changed.
    """

    def __init__(
        self,
        front_end: str = "logmel",
        settings: Mapping[str, Any] | None = None,
        rate_hz: int = RATE_HZ,
        key: str = "audio",
    ) -> None:
        super().__init__(key)
        self.front_end, self.rate_hz = make_front_end(front_end, settings), rate_hz

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {}

    def __call__(
        self, sample: Sample, params: Any = None, generator: torch.Generator | None = None
    ) -> tuple[Sample, dict[str, Any]]:
        if params not in (None, {}):
            where = f"params of Spectrogram for sample {sample.key!r}"
            raise DataError(where, expected="an empty dict", found=f"{params!r:.80}")
        return (self.apply(sample, {}) if self.key in sample.entries else sample), {}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        dense = [task for task, label in sample.labels.items() if isinstance(label, Mapping) and self.key in label]
        links = [b for a, b in sample.links if a == self.key]
        if dense or links:
            found = f"labels {dense}, links to {links}"
            expected = "no label or link with a row for each sample of sound"
            raise DataError(f"entry {self.key!r} of {sample.key!r}", expected=expected, found=found)
        image = spectrogram(self.front_end, waveform_of(sample, self.key), self.rate_hz)
        axes = {"time_s": self.front_end.time_s(torch.arange(2)).tolist(), "bin_hz": self.front_end.bin_hz().tolist()}
        known = {**sample.meta.get("spectrogram", {}), self.key: axes}
        return replace(set_entry(sample, self.key, image), meta={**sample.meta, "spectrogram": known})


class SpecAugment(EntryTransform):
    """Mask bands of frequency and stretches of time of a spectrogram with its own mean.

    Park et al.: SpecAugment, Interspeech 2019, https://arxiv.org/abs/1904.08779, without its time warp. Each mask is
    as wide as drawn from 0 to its bound, both included, and lies anywhere inside.

    Args:
        bands, frames: the largest width of a mask in each direction.
        frequency_masks, time_masks: how many of each.
        key: the entry, a spectrogram [1, F, T'].
    """

    fields = ("fill", "frequency", "time")

    def __init__(
        self, bands: int = 16, frames: int = 32, frequency_masks: int = 1, time_masks: int = 1, key: str = "audio"
    ) -> None:
        super().__init__(key)
        if min(bands, frames, frequency_masks, time_masks) < 0:
            raise ConfigError(f"SpecAugment needs numbers >= 0, not {(bands, frames, frequency_masks, time_masks)}")
        self.bands, self.frames = bands, frames
        self.frequency_masks, self.time_masks = frequency_masks, time_masks

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        image = spectrogram_of(sample, self.key)
        _, height, width = image.shape
        return {
            "fill": float(image.double().mean()),
            "frequency": [_stretch(self.bands, height, generator) for _ in range(self.frequency_masks)],
            "time": [_stretch(self.frames, width, generator) for _ in range(self.time_masks)],
        }

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        image = spectrogram_of(sample, self.key).clone()
        for start, length in params["frequency"]:
            image[:, start : start + length] = params["fill"]
        for start, length in params["time"]:
            image[:, :, start : start + length] = params["fill"]
        return set_entry(sample, self.key, image)


def spectrogram_of(sample: Sample, key: str) -> Tensor:
    """The spectrogram [1, F, T'] of the entry `key`; a DataError if it is something else."""
    entry = sample.entries[key]
    if isinstance(entry, Rows) or entry.ndim != 3 or entry.shape[0] != 1 or not entry.is_floating_point():
        found = "a set" if isinstance(entry, Rows) else f"{list(entry.shape)} {entry.dtype}"
        expected = "a spectrogram of floats [1, F, T'] (first apply Spectrogram)"
        raise DataError(f"entry {key!r} of {sample.key!r}", expected=expected, found=found)
    return entry


def _stretch(longest: int, size: int, generator: torch.Generator | None) -> list[int]:
    """[start, length] inside [0, size)."""
    length = int(uniform(0, min(longest, size) + 1, generator))
    return [int(uniform(0, size - length + 1, generator)), length]
