"""One picture seen several ways: as it is, its edges, its fine detail; each by an adapter of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding
from xmodal.data.batch import Batch
from xmodal.data.sample import Sample
from xmodal.errors import ConfigError, unknown
from xmodal.modalities.image.adapter import TimmImage

GREY = (0.299, 0.587, 0.114)
BLUR_PX = 1.5
"""Standard deviation of the Gaussian whose difference to the picture is its fine detail."""


def unit_image(image: Tensor) -> Tensor:
    """[B, 3, H, W] uint8, or float in [0, 1] -> float32 in [0, 1]."""
    return image.float() / 255 if image.dtype == torch.uint8 else image.float()


def edge_map(image: Tensor) -> Tensor:
    """[B, 3, H, W] -> the same shape in [0, 1]: the length of Sobel's gradient of the grey picture, three times.

    1 is a step from black to white along an axis; the border repeats outwards, so that it is no edge.
    """
    grey = (unit_image(image) * image.new_tensor(GREY, dtype=torch.float32).view(3, 1, 1)).sum(1, keepdim=True)
    across = grey.new_tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 4
    kernels = torch.stack([across, across.T]).unsqueeze(1)  # [2, 1, 3, 3]
    slopes = F.conv2d(F.pad(grey, (1, 1, 1, 1), mode="replicate"), kernels)
    length: Tensor = slopes.square().sum(1, keepdim=True).sqrt()
    return length.clamp(max=1).expand(-1, 3, -1, -1)


def fine_detail(image: Tensor) -> Tensor:
    """[B, 3, H, W] -> the same shape in [0, 1]: 0.5 + (picture - its Gaussian blur) / 2."""
    x = unit_image(image)
    reach = math.ceil(3 * BLUR_PX)
    offset = torch.arange(-reach, reach + 1, device=x.device, dtype=x.dtype)
    bell = (-0.5 * (offset / BLUR_PX).square()).softmax(0)
    padded = F.pad(x, (reach, reach, reach, reach), mode="replicate")
    rows = F.conv2d(padded, bell.view(1, 1, 1, -1).expand(3, 1, 1, -1), groups=3)
    blurred = F.conv2d(rows, bell.view(1, 1, -1, 1).expand(3, 1, -1, 1), groups=3)
    return 0.5 + 0.5 * (x - blurred)


VIEWS: Mapping[str, Callable[[Tensor], Tensor]] = {"rgb": unit_image, "edge": edge_map, "detail": fine_detail}


class Views(Adapter):
    """Several views of the entry `key`, each embedded by its own adapter; the pooled vector is their mean.

    `Embedding.parts` holds the pooled vector of each view. There are no tokens. The upper part (layer -1) takes
    vectors of views [b, V, D] and joins them as the forward pass does.

    Args:
        parts: by view ("rgb", "edge", "detail"): an image adapter that reads `key`; all of one width.
        key: the entry.
    """

    modality = "image"

    def __init__(self, parts: Mapping[str, Adapter] | None = None, key: str = "image") -> None:
        super().__init__()
        parts = {name: TimmImage("test_resnet", key=key) for name in VIEWS} if parts is None else parts
        for name, part in parts.items():
            if name not in VIEWS:
                raise unknown("view", name, VIEWS)
            if tuple(part.inputs) != (key,):
                raise ConfigError(f"parts.{name}: expected an adapter that reads {key!r}, found {part.inputs}")
        if not parts or len({part.width for part in parts.values()}) != 1:
            raise ConfigError(f"parts: expected adapters of one width, found {[p.width for p in parts.values()]}")
        self.parts = nn.ModuleDict(dict(parts))
        self.inputs, self.key = (key,), key
        self.width = next(iter(parts.values())).width

    def forward(self, batch: Batch, need: Need) -> Embedding:
        image, parts = batch.tensor(self.key), {}
        for name, part in self.parts.items():
            seen = replace(batch, entries={**batch.entries, self.key: VIEWS[name](image)})
            parts[name] = Embedding(pooled=part(seen, Need(pooled=True)).need_pooled(name))
        each = torch.stack([part.need_pooled(name) for name, part in parts.items()], dim=1)  # [B, V, D]
        return Embedding(pooled=each.mean(1) if need.pooled else None, parts=parts)

    def upper(self, batch: Batch, tokens: Tensor, valid: Tensor | None, layer: int, rows: Tensor | None) -> Embedding:
        if layer != -1:
            raise ValueError(f"expected layer -1, above which the views are joined, found {layer}")
        keep = torch.ones_like(tokens[..., :1]) if valid is None else valid.unsqueeze(-1).to(tokens.dtype)
        return Embedding(pooled=(tokens * keep).sum(1) / keep.sum(1).clamp_min(1))

    @staticmethod
    def read(path: Path) -> Tensor:
        """As `TimmImage`."""
        return TimmImage.read(path)

    @staticmethod
    def example(batch_size: int) -> Batch:
        return TimmImage.example(batch_size)

    @staticmethod
    def picture(sample: Sample, key: str) -> Any:
        """As `TimmImage`."""
        return TimmImage.picture(sample, key)
