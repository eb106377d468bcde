"""Change the colours of an image; nothing else of the sample."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from xmodal.data.sample import Sample
from xmodal.data.transforms import EntryTransform, set_entry, uniform
from xmodal.errors import ConfigError
from xmodal.modalities.image.pixels import pixels_of

_LUMA = (0.299, 0.587, 0.114)


class ColorJitter(EntryTransform):
    """Change brightness, contrast, saturation and hue; pixels only.

    Brightness, contrast about the mean grey, and saturation are scaled by a factor drawn from [1 - x, 1 + x). The
    hue turns about the grey axis by a share of the full circle drawn from [-hue, hue). All four are one linear map
    of the colours, so an overflow is clamped once, at the end.
    """

    fields = ("brightness", "contrast", "hue", "saturation")

    def __init__(
        self,
        brightness: float = 0.3,
        contrast: float = 0.3,
        saturation: float = 0.3,
        hue: float = 0.03,
        key: str = "image",
    ) -> None:
        super().__init__(key)
        self.strengths = {"brightness": brightness, "contrast": contrast, "saturation": saturation}
        if not all(0 <= x <= 1 for x in self.strengths.values()) or not 0 <= hue <= 0.5:
            raise ConfigError(f"ColorJitter needs strengths in [0, 1] and hue in [0, 0.5], not {self.strengths}, {hue}")
        self.hue = hue

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        factors = {name: uniform(1 - x, 1 + x, generator) for name, x in self.strengths.items()}
        return {**factors, "hue": uniform(-self.hue, self.hue, generator)}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        image = pixels_of(sample, self.key)
        grey = torch.tensor(_LUMA, dtype=torch.float64)
        # Sums of integers do not depend on the order in which threads add them, so that a replay is exact.
        total = image.sum((1, 2), dtype=torch.float64 if image.is_floating_point() else torch.int64)
        mean = float(grey @ total.double()) / max(1, image.shape[1] * image.shape[2])
        gain = params["brightness"] * params["contrast"]
        offset = params["brightness"] * (1 - params["contrast"]) * mean
        matrix = gain * _turn(params["hue"]) @ _saturate(params["saturation"], grey)
        colours = torch.addmm(torch.tensor(offset), matrix.float(), image.flatten(1).float()).view(image.shape)
        top = 1.0 if image.is_floating_point() else 255.0
        colours = colours.clamp(0, top) if image.is_floating_point() else colours.round_().clamp_(0, top)
        return set_entry(sample, self.key, colours.to(image.dtype))


def _saturate(factor: float, grey: Tensor) -> Tensor:
    """[3, 3]: colours mixed with their own grey."""
    return factor * torch.eye(3, dtype=torch.float64) + (1 - factor) * grey.expand(3, 3)


def _turn(share: float) -> Tensor:
    """[3, 3]: rotation about the axis of greys by a share of the full circle (Rodrigues' formula)."""
    angle = 2 * math.pi * share
    along, across = (1 - math.cos(angle)) / 3, math.sin(angle) / math.sqrt(3)
    cross = torch.tensor([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], dtype=torch.float64)
    return math.cos(angle) * torch.eye(3, dtype=torch.float64) + along + across * cross
