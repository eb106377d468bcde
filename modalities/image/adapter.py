"""Any timm backbone as an image adapter: tokens with a grid, a pooled vector, hidden layers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch
from xmodal.data.sample import Sample
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.maps import map_tokens
from xmodal.modalities.timm_backbone import timm_backbone

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class TimmImage(Adapter):
    """A timm backbone over images [B, 3, H, W] (uint8, or float in [0, 1]).

    Tokens are the cells of one feature map. A convolutional backbone has maps of several strides: `token_stride`
    chooses one, and `pyramid_width` > 0 merges the coarser maps into it (1x1 convolutions, bilinear upsampling, sum),
    so that fine tokens know their surroundings. Hidden layers are the backbone's own maps in depth order.

    Args:
        backbone: any name that timm offers with features ("resnet18", "convnext_atto", "vit_small_patch16_224").
        key: the entry it reads.
        token_stride: pixels a token; None takes the deepest map.
        pyramid_width: D of the merged tokens, 0 for the map as it is.
        levels: which of the backbone's maps to compute (its `out_indices`); None for all.
        pretrained: fetch the weights that timm names for the backbone (needs a network, once).
        weights: a .safetensors file with the backbone's weights instead.
        options: further arguments of `timm.create_model`, such as {"img_size": (64, 192)}.
    """

    modality = "image"
    initial = ("pretrained", "weights")
    mean: Tensor
    std: Tensor

    def __init__(
        self,
        backbone: str = "resnet18",
        *,
        key: str = "image",
        token_stride: int | None = None,
        pyramid_width: int = 0,
        levels: tuple[int, ...] | None = None,
        pretrained: bool = False,
        weights: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.inputs = (key,)
        self.key = key
        self.backbone = timm_backbone(backbone, levels, pretrained, weights, options or {})
        info = self.backbone.feature_info
        self.layer_widths = tuple(info.channels())
        strides = list(info.reduction())
        self.level = _level(strides, token_stride, backbone)
        self.width = self.layer_widths[-1]
        self.token_width = pyramid_width or self.layer_widths[self.level]
        merged = self.layer_widths[self.level :] if pyramid_width else ()
        self.lateral = nn.ModuleList([nn.Conv2d(width, pyramid_width, 1) for width in merged])
        self.smooth = _smooth(pyramid_width) if pyramid_width else nn.Identity()
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(3, 1, 1), persistent=False)

    def forward(self, batch: Batch, need: Need) -> Embedding:
        image = batch.tensor(self.key)
        if image.dim() != 4 or image.shape[1] != 3:
            raise DataError(f"entry {self.key!r}", expected="[B, 3, H, W]", found=f"{list(image.shape)}")
        size = (image.shape[2], image.shape[3])
        maps = self.backbone(self._normalised(image))
        pooled = maps[-1].mean((2, 3)) if need.pooled else None
        tokens = self._tokens(self._merged(maps), size) if need.tokens else None
        layers = tuple(self._tokens(m, size) for m in maps) if need.layers else ()
        return Embedding(pooled=pooled, tokens=tokens, layers=layers)

    def _normalised(self, image: Tensor) -> Tensor:
        unit = image.float() / 255 if image.dtype == torch.uint8 else image.to(self.mean.dtype)
        scaled = (unit - self.mean) / self.std
        return scaled.contiguous(memory_format=torch.channels_last)

    def _merged(self, maps: list[Tensor]) -> Tensor:
        if not self.lateral:
            return maps[self.level]
        size = maps[self.level].shape[-2:]
        parts = [layer(m) for layer, m in zip(self.lateral, maps[self.level :], strict=True)]
        upsampled = [F.interpolate(p, size, mode="bilinear", align_corners=False) for p in parts[1:]]
        merged: Tensor = self.smooth(sum(upsampled, start=parts[0]))
        return merged

    def _tokens(self, image: Tensor, size_px: tuple[int, int]) -> Tokens:
        return map_tokens(image, size_px, frame="image_px", key=self.key)

    @staticmethod
    def read(path: Path) -> Tensor:
        """A .png or .jpg file as uint8 [3, H, W]."""
        from xmodal.modalities.image.read import read_image

        return read_image(path)

    @staticmethod
    def example(batch_size: int) -> Batch:
        return Batch(
            keys=tuple(f"example{i}" for i in range(batch_size)),
            entries={"image": torch.randint(0, 256, (batch_size, 3, 64, 64), dtype=torch.uint8)},
            index=torch.arange(batch_size),
        )

    @staticmethod
    def picture(sample: Sample, key: str) -> Any:
        """The image, with the points that are linked to it coloured by distance."""
        from xmodal.modalities.image.picture import picture

        return picture(sample, key)


def _smooth(width: int) -> nn.Module:
    """Upsampling leaves blocks; one 3x3 convolution with a norm mixes neighbours."""
    return nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1), nn.ReLU())


def _level(strides: list[int], wanted: int | None, backbone: str) -> int:
    if wanted is None:
        return len(strides) - 1
    if wanted not in strides:
        raise ConfigError(f"backbone {backbone!r} has no map of stride {wanted}; it has {strides}")
    return len(strides) - 1 - strides[::-1].index(wanted)
