"""Intensities a network can read, by modality: z-score for MRI, window for CT. PET: `suv` and `suvr`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from xmodal.data.sample import Sample
from xmodal.data.transforms import EntryTransform, set_entry
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.volume.entries import set_units, voxels_of
from xmodal.modalities.volume.volume import Volume, need_same_grid, need_units


def zscore(mri: Volume, mask: Volume | None = None) -> Volume:
    """(value - mean) / standard deviation of the voxels inside; the outside becomes 0.

    Args:
        mask: on the same grid, non-zero inside the brain; None takes the voxels that are not 0.

    Raises:
        DataError: another grid; fewer than two voxels inside, or all of one value.
    """
    if mask is not None:
        need_same_grid(mri, mask, "MRI and brain mask")
    inside = (mri.data if mask is None else mask.data) != 0
    mean, std = _moments(mri.data[inside], "MRI")
    return mri.with_data(_scaled(mri.data, inside, mean, std), "z")


def window(ct: Volume, low: float = -160.0, high: float = 240.0) -> Volume:
    """Hounsfield units clamped to [low, high] and scaled to [0, 1]; the default window shows soft tissue.

    Raises:
        DataError: the volume's units are not "HU".
    """
    _check_window(low, high)
    need_units(ct, ("HU",), "a CT window")
    return ct.with_data(_windowed(ct.data, low, high), "window")


class ZScore(EntryTransform):
    """`zscore` inside the voxels that are not 0, as a step of a pipeline; the two numbers are recorded."""

    fields = ("mean", "std")

    def __init__(self, key: str = "volume") -> None:
        super().__init__(key)

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        values = voxels_of(sample, self.key)
        mean, std = _moments(values[values != 0], f"entry {self.key!r} of {sample.key!r}")
        return {"mean": mean, "std": std}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        values = voxels_of(sample, self.key)
        scaled = _scaled(values, values != 0, params["mean"], params["std"])
        return set_units(set_entry(sample, self.key, scaled), self.key, "z")


class Window(EntryTransform):
    """`window` as a step of a pipeline. The entry must be in HU, which no affine or file can prove."""

    fields = ("high", "low")

    def __init__(self, low: float = -160.0, high: float = 240.0, key: str = "volume") -> None:
        super().__init__(key)
        _check_window(low, high)
        self.low, self.high = low, high

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"high": self.high, "low": self.low}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        values = _windowed(voxels_of(sample, self.key), params["low"], params["high"])
        return set_units(set_entry(sample, self.key, values), self.key, "window")


def _moments(values: Tensor, where: str) -> tuple[float, float]:
    wide = values.double()
    std = float(wide.std(correction=0)) if len(wide) > 1 else 0.0
    if not std > 0:
        found = f"{len(wide)} voxels of one value"
        raise DataError(where, expected="voxels that differ inside the mask", found=found)
    return float(wide.mean()), std


def _scaled(values: Tensor, inside: Tensor, mean: float, std: float) -> Tensor:
    scaled = ((values.double() - mean) / std).to(values.dtype)
    return torch.where(inside, scaled, torch.zeros_like(scaled))


def _windowed(values: Tensor, low: float, high: float) -> Tensor:
    return (values.clamp(low, high) - low) / (high - low)


def _check_window(low: float, high: float) -> None:
    if not low < high:
        raise ConfigError(f"window: expected low < high, found {low}, {high}")
