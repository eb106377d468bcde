"""Augmentations of an image that take along its dense labels and the points linked to its pixels.

Pixel i covers [i, i + 1): a point at (u, v) lies in column floor(u), row floor(v).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from xmodal.data.sample import Sample
from xmodal.data.transforms import EntryTransform, Flip, uniform
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.image.color import ColorJitter
from xmodal.modalities.image.pixels import pixels_of
from xmodal.modalities.pixel_edits import edit_pixels, mirror_pixels, turn_pixels

__all__ = ["ColorJitter", "HorizontalFlip", "QuarterTurn", "RandomCrop", "RandomResizedCrop", "Resize"]


class Resize(EntryTransform):
    """Scale the whole image to `size` (H, W), bilinear with antialiasing; labels take the nearest pixel."""

    fields = ("size",)

    def __init__(self, size: tuple[int, int], key: str = "image") -> None:
        super().__init__(key)
        self.size = size

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"size": list(self.size)}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        _, height, width = pixels_of(sample, self.key).shape
        return _window(sample, self.key, [0, 0, height, width], params["size"])


class RandomCrop(EntryTransform):
    """Cut a window of `size` (H, W) out of the image, its place drawn uniformly."""

    fields = ("box",)

    def __init__(self, size: tuple[int, int], key: str = "image") -> None:
        super().__init__(key)
        self.size = size

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        _, height, width = pixels_of(sample, self.key).shape
        if self.size[0] > height or self.size[1] > width:
            found = f"{height} x {width}"
            raise DataError(f"entry {self.key!r} of {sample.key!r}", expected=f"an image of {self.size}", found=found)
        return {"box": _place(self.size[0], self.size[1], height, width, generator)}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        return _window(sample, self.key, params["box"], params["box"][2:])


class RandomResizedCrop(EntryTransform):
    """Cut a random window and scale it to `size`.

    Args:
        size: (H, W) of the result.
        scale: bounds of the window's share of the image area.
        stretch: bounds of the window's aspect (width over height) relative to the aspect of `size`; 1 distorts
            nothing. A window that does not fit into the image shrinks with its aspect kept.
    """

    fields = ("box", "size")

    def __init__(
        self,
        size: tuple[int, int],
        scale: tuple[float, float] = (0.5, 1.0),
        stretch: tuple[float, float] = (0.8, 1.25),
        key: str = "image",
    ) -> None:
        super().__init__(key)
        if not 0 < scale[0] <= scale[1] <= 1 or not 0 < stretch[0] <= stretch[1]:
            raise ConfigError(
                f"RandomResizedCrop needs 0 < scale <= 1 and 0 < stretch, low first, not {scale}, {stretch}"
            )
        self.size, self.scale, self.stretch = size, scale, stretch

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        _, height, width = pixels_of(sample, self.key).shape
        area = uniform(*self.scale, generator) * height * width
        low, high = (math.log(bound) for bound in self.stretch)
        aspect = math.exp(uniform(low, high, generator)) * self.size[1] / self.size[0]
        h, w = math.sqrt(area / aspect), math.sqrt(area * aspect)
        fit = min(1.0, height / h, width / w)
        box = _place(max(1, round(h * fit)), max(1, round(w * fit)), height, width, generator)
        return {"box": box, "size": list(self.size)}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        return _window(sample, self.key, params["box"], params["size"])


class HorizontalFlip(Flip):
    """Mirror left and right with a probability."""

    def __init__(self, probability: float = 0.5, key: str = "image") -> None:
        super().__init__(probability, key)

    def flipped(self, sample: Sample) -> Sample:
        return mirror_pixels(sample, self.key, pixels_of(sample, self.key), "image", horizontal=True)


class QuarterTurn(EntryTransform):
    """Turn the image counterclockwise by 0, 90, 180 or 270 degrees: for pictures taken from above."""

    fields = ("turns",)

    def __init__(self, key: str = "image") -> None:
        super().__init__(key)

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"turns": int(uniform(0, 4, generator))}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        return turn_pixels(sample, self.key, pixels_of(sample, self.key), "image", params["turns"])


def _place(h: int, w: int, height: int, width: int, generator: torch.Generator | None) -> list[int]:
    """[top, left, h, w] of a window that lies inside the image."""
    top = int(uniform(0, height - h + 1, generator))
    left = int(uniform(0, width - w + 1, generator))
    return [top, left, h, w]


def _window(sample: Sample, key: str, box: list[int], size: list[int]) -> Sample:
    """The part [top, left, h, w] of the image, scaled to (H, W)."""
    image = pixels_of(sample, key)
    top, left, h, w = box
    if not (min(top, left) >= 0 and 0 < h <= image.shape[1] - top and 0 < w <= image.shape[2] - left):
        found = f"[top, left, h, w] = {box}"
        raise DataError(f"crop of {sample.key!r}", expected=f"a box inside {list(image.shape[1:])}", found=found)
    height, width = size
    cut = image[:, top : top + h, left : left + w]
    if (height, width) != (h, w):
        cut = F.interpolate(cut[None], (height, width), mode="bilinear", antialias=True)[0]

    def pick(dense: Tensor) -> Tensor:
        part = dense[..., top : top + h, left : left + w]
        if (height, width) == (h, w):
            return part
        rows = ((torch.arange(height) + 0.5) * (h / height)).long()
        columns = ((torch.arange(width) + 0.5) * (w / width)).long()
        return part.index_select(-2, rows).index_select(-1, columns)

    def move(uv: Tensor) -> Tensor:
        moved = (uv - uv.new_tensor((left, top))) * uv.new_tensor((width / w, height / h))
        u, v = moved.unbind(1)
        inside = (u >= 0) & (v >= 0) & (u < width) & (v < height)
        return torch.where(inside.unsqueeze(1), moved, torch.nan)

    return edit_pixels(sample, key, cut, "image", pick, move)
