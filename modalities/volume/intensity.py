"""Change the intensities of one volume; nothing else of the sample. PET in SUV loses its scale by the first two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from xmodal.data.sample import Sample
from xmodal.data.transforms import EntryTransform, draw_seed, seeded, set_entry, uniform
from xmodal.errors import ConfigError
from xmodal.modalities.volume.entries import voxels_of


class ShiftScale(EntryTransform):
    """value * gain + offset: gain from [1 - scale, 1 + scale), offset from [-shift, shift) standard deviations."""

    fields = ("gain", "offset")

    def __init__(self, shift: float = 0.1, scale: float = 0.1, key: str = "volume") -> None:
        super().__init__(key)
        if shift < 0 or not 0 <= scale < 1:
            raise ConfigError(f"ShiftScale needs shift >= 0 and 0 <= scale < 1, not {shift}, {scale}")
        self.shift, self.scale = shift, scale

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        spread = float(voxels_of(sample, self.key).double().std(correction=0))
        gain = uniform(1 - self.scale, 1 + self.scale, generator)
        return {"gain": gain, "offset": spread * uniform(-self.shift, self.shift, generator)}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        return set_entry(sample, self.key, voxels_of(sample, self.key) * params["gain"] + params["offset"])


class GammaContrast(EntryTransform):
    """Bend the grey scale: values between the volume's least and greatest are raised to a power from [low, high)."""

    fields = ("gamma",)

    def __init__(self, low: float = 0.7, high: float = 1.5, key: str = "volume") -> None:
        super().__init__(key)
        if not 0 < low <= high:
            raise ConfigError(f"GammaContrast needs 0 < low <= high, not {low}, {high}")
        self.low, self.high = low, high

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"gamma": uniform(self.low, self.high, generator)}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        values = voxels_of(sample, self.key)
        least, span = values.min(), values.max() - values.min()
        if span == 0:
            return sample
        return set_entry(sample, self.key, ((values - least) / span) ** params["gamma"] * span + least)


class GaussianNoise(EntryTransform):
    """Add independent normal noise of standard deviation `std`, in the units of the entry."""

    fields = ("seed", "std")

    def __init__(self, std: float = 0.1, key: str = "volume") -> None:
        super().__init__(key)
        if std < 0:
            raise ConfigError(f"GaussianNoise needs std >= 0, not {std}")
        self.std = std

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"seed": draw_seed(generator), "std": self.std}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        values = voxels_of(sample, self.key)
        noise = torch.randn(values.shape, generator=seeded(params["seed"]), dtype=values.dtype)
        return set_entry(sample, self.key, values + noise * params["std"])
