"""Augmentations of a raster [C, H, W] that take along its dense labels and the links that point at its pixels.

Pixel i covers [i, i + 1): a point at (u, v) lies in column floor(u), row floor(v).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from xmodal.data.sample import Sample
from xmodal.data.transforms import EntryTransform, Flip, drop_some, set_entry, uniform
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.pixel_edits import edit_pixels, mirror_pixels, turn_pixels
from xmodal.modalities.raster.pixels import bands_of


class HorizontalFlip(Flip):
    """Mirror left and right with a probability."""

    def __init__(self, probability: float = 0.5, key: str = "raster") -> None:
        super().__init__(probability, key)

    def flipped(self, sample: Sample) -> Sample:
        return mirror_pixels(sample, self.key, bands_of(sample, self.key), "raster", horizontal=True)


class VerticalFlip(Flip):
    """Mirror top and bottom with a probability."""

    def __init__(self, probability: float = 0.5, key: str = "raster") -> None:
        super().__init__(probability, key)

    def flipped(self, sample: Sample) -> Sample:
        return mirror_pixels(sample, self.key, bands_of(sample, self.key), "raster", horizontal=False)


class QuarterTurn(EntryTransform):
    """Turn counterclockwise by 0, 90, 180 or 270 degrees."""

    fields = ("turns",)

    def __init__(self, key: str = "raster") -> None:
        super().__init__(key)

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"turns": int(uniform(0, 4, generator))}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        return turn_pixels(sample, self.key, bands_of(sample, self.key), "raster", params["turns"])


class RandomCrop(EntryTransform):
    """Cut a window of `size` (H, W) out of the raster, its place drawn uniformly; points outside become NaN."""

    fields = ("box",)

    def __init__(self, size: tuple[int, int], key: str = "raster") -> None:
        super().__init__(key)
        self.size = size

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        _, height, width = bands_of(sample, self.key).shape
        h, w = self.size
        if h > height or w > width:
            found = f"{height} x {width}"
            raise DataError(f"entry {self.key!r} of {sample.key!r}", expected=f"at least {h} x {w} pixels", found=found)
        return {"box": [int(uniform(0, height - h + 1, generator)), int(uniform(0, width - w + 1, generator)), h, w]}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        top, left, h, w = params["box"]
        bands = bands_of(sample, self.key)
        _, height, width = bands.shape
        if not (0 <= top < top + h <= height and 0 <= left < left + w <= width):
            found = f"[top, left, h, w] = {params['box']}"
            raise DataError(f"crop of {sample.key!r}", expected=f"a box inside {[height, width]}", found=found)

        def cut(dense: Tensor) -> Tensor:
            return dense[..., top : top + h, left : left + w]

        def move(uv: Tensor) -> Tensor:
            u, v = uv[:, 0] - left, uv[:, 1] - top
            inside = (u >= 0) & (v >= 0) & (u < w) & (v < h)
            return torch.where(inside.unsqueeze(1), torch.stack((u, v), 1), torch.nan)

        return edit_pixels(sample, self.key, cut(bands), "raster", cut, move)


class BandDropout(EntryTransform):
    """Make each band NaN, as if it had not been measured, with a probability; never all of them."""

    fields = ("bands",)

    def __init__(self, probability: float = 0.1, key: str = "raster") -> None:
        super().__init__(key)
        if not 0 <= probability < 1:
            raise ConfigError(f"BandDropout needs 0 <= probability < 1, not {probability}")
        self.probability = probability

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"bands": drop_some(len(bands_of(sample, self.key)), self.probability, generator)}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        bands = bands_of(sample, self.key).clone()
        bands[params["bands"]] = torch.nan
        return set_entry(sample, self.key, bands)


class Gain(EntryTransform):
    """Multiply each band by a factor of its own drawn from [low, high): another sun, another exposure."""

    fields = ("gains",)

    def __init__(self, low: float = 0.9, high: float = 1.1, key: str = "raster") -> None:
        super().__init__(key)
        if not 0 < low <= high:
            raise ConfigError(f"Gain needs 0 < low <= high, not low={low}, high={high}")
        self.low, self.high = low, high

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        count = len(bands_of(sample, self.key))
        return {"gains": [uniform(self.low, self.high, generator) for _ in range(count)]}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        bands = bands_of(sample, self.key)
        return set_entry(sample, self.key, bands * bands.new_tensor(params["gains"]).view(-1, 1, 1))
