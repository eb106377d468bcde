"""Augmentations of volumes. Those of space edit all volumes of the sample alike; those of intensity edit one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from xmodal.data.sample import Sample
from xmodal.data.transforms import chance, uniform
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.volume.entries import grid_of, set_affine
from xmodal.modalities.volume.intensity import GammaContrast, GaussianNoise, ShiftScale
from xmodal.modalities.volume.joint import JointVolumeTransform, edit_volumes
from xmodal.modalities.volume.rotate_scale import RotateScale

__all__ = [
    "CenterCropPad",
    "FlipLeftRight",
    "GammaContrast",
    "GaussianNoise",
    "RandomCropPad",
    "RotateScale",
    "ShiftScale",
]


class FlipLeftRight(JointVolumeTransform):
    """Mirror left and right (x) with a probability: the patient is mirrored, the grid stays.

    Dense labels move along, but a class that names a side ("left hippocampus") keeps its number.
    """

    fields = ("flip",)

    def __init__(self, probability: float = 0.5, keys: Sequence[str] | None = None) -> None:
        super().__init__(keys)
        self.probability = probability

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"flip": chance(self.probability, generator)}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        if not params["flip"]:
            return sample
        last = self.shape(sample)[2] - 1

        def mirror(xyz: Tensor) -> Tensor:
            return torch.cat((last - xyz[:, :1], xyz[:, 1:]), 1)

        return edit_volumes(sample, self.present(sample), lambda v: v.flip(-1), lambda v: v.flip(-1), mirror)


class CenterCropPad(JointVolumeTransform):
    """Cut or pad every axis about the middle to `size` (Z, Y, X); the affines keep every voxel in its place.

    Args:
        fill: the value of padded voxels; dense labels get "ignore" (-1, or NaN for floats).
    """

    fields = ("fill", "size", "start")

    def __init__(self, size: Sequence[int], fill: float = 0.0, keys: Sequence[str] | None = None) -> None:
        super().__init__(keys)
        if len(size) != 3 or min(size) < 1:
            raise ConfigError(f"{type(self).__name__} needs three sides of at least 1 voxel (Z, Y, X), not {size}")
        self.size, self.fill = tuple(size), fill

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        start = [(have - want) // 2 for have, want in zip(self.shape(sample), self.size, strict=True)]
        return {"fill": self.fill, "size": list(self.size), "start": start}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        start, size, keys = params["start"], params["size"], self.present(sample)
        if len(start) != 3 or len(size) != 3 or min(size) < 1:
            found = f"start {start}, size {size}"
            raise DataError(f"crop of {sample.key!r}", expected="three starts and sides (z, y, x)", found=found)
        grids = {key: grid for key in keys if (grid := grid_of(sample, key)) is not None}

        def move(xyz: Tensor) -> Tensor:
            moved = xyz - xyz.new_tensor(start[::-1])
            inside = ((moved >= -0.5) & (moved < moved.new_tensor(size[::-1]) - 0.5)).all(1)
            return torch.where(inside.unsqueeze(1), moved, torch.nan)

        def dense(values: Tensor) -> Tensor:
            return _cut(values, start, size, float("nan") if values.is_floating_point() else -1)

        sample = edit_volumes(sample, keys, lambda v: _cut(v, start, size, params["fill"]), dense, move)
        for key, grid in grids.items():
            sample = set_affine(sample, key, grid.moved(tuple(start), tuple(size)).affine)
        return sample


class RandomCropPad(CenterCropPad):
    """Cut a window of `size` (Z, Y, X), its place drawn uniformly; an axis that is too short is padded evenly."""

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        gaps = [have - want for have, want in zip(self.shape(sample), self.size, strict=True)]
        start = [int(uniform(0, gap + 1, generator)) if gap > 0 else gap // 2 for gap in gaps]
        return {"fill": self.fill, "size": list(self.size), "start": start}


def _cut(values: Tensor, start: Sequence[int], size: Sequence[int], fill: float) -> Tensor:
    """The window [C, *size] at `start` of values [C, Z, Y, X], `fill` where there is nothing."""
    out = values.new_full((values.shape[0], *size), fill)
    source, target = [], []
    for first, want, have in zip(start, size, values.shape[1:], strict=True):
        low, high = max(0, first), min(have, first + want)
        if low >= high:
            return out
        source.append(slice(low, high))
        target.append(slice(low - first, high - first))
    out[:, target[0], target[1], target[2]] = values[:, source[0], source[1], source[2]]
    return out
