"""A cloud through an image network: drawn as the scanner saw it, tokens are the cells of a feature map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.adapter import Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch, Ragged
from xmodal.errors import ConfigError
from xmodal.modalities.lidar.base import LidarAdapter
from xmodal.modalities.lidar.range_net import STRIDES, RangeNet
from xmodal.modalities.lidar.range_projection import CHANNELS, Bounds, RangeView, project

CENTRE = (10.0, 0.0, 0.0, -1.0, 0.25)
UNIT = (9.0, 10.0, 8.0, 0.8, 0.15)
"""Mean and spread of the channels over the pixels that hold a point, rounded, as KITTI scans have them."""


class RangeImage(LidarAdapter):
    """Range images [B, 5, H, W] (range, x, y, z, reflectance) through a convolutional backbone.

    A token is valid where a point was drawn in its cell; `where` is the mean of those points, and `of` counts every
    point of the view to its cell, also those that a nearer one hides. Left and right border do not touch, not even
    in a view of a full turn.

    Args:
        key: the entry to read.
        features: columns a point has: x, y, z, reflectance first, further ones are not read.
        size: (H, W): beams, and steps along the azimuth.
        azimuth_deg, elevation_deg: what the image covers, (low, high).
        backbone: any name that timm offers with features, or None for a small net of three stages.
        widths: of the small net's stages.
        level: which of the backbone's maps becomes the tokens; -1 is the deepest.
        pretrained: start from the image weights that timm names (needs a network, once).
        centre, unit: the five channels are taken from this centre in these units.
    """

    initial = ("pretrained",)
    centre: Tensor
    unit: Tensor

    def __init__(
        self,
        key: str = "lidar",
        features: int = 4,
        size: tuple[int, int] = (64, 1024),
        azimuth_deg: Bounds = (-180.0, 180.0),
        elevation_deg: Bounds = (-25.0, 3.0),
        backbone: str | None = None,
        widths: Sequence[int] = (32, 64, 128),
        level: int = -1,
        pretrained: bool = False,
        centre: Sequence[float] = CENTRE,
        unit: Sequence[float] = UNIT,
    ) -> None:
        super().__init__(key, features)
        self.view = _checked_view(size, azimuth_deg, elevation_deg)
        if features < 4:
            raise ConfigError(f"features: expected at least 4 columns (x, y, z, reflectance), found {features}")
        if len(centre) != len(CHANNELS) or len(unit) != len(CHANNELS) or min(unit) <= 0:
            raise ConfigError(
                f"centre and unit: expected {len(CHANNELS)} numbers, units positive, found {centre}, {unit}"
            )
        self.backbone: Any
        if backbone is None:
            if not 1 <= len(widths) <= len(STRIDES):
                raise ConfigError(f"widths: expected 1 to {len(STRIDES)} stages, found {tuple(widths)}")
            self.backbone, self.layer_widths = RangeNet(len(CHANNELS), widths), tuple(widths)
        else:
            self.backbone = _timm(backbone, pretrained)
            self.layer_widths = tuple(self.backbone.feature_info.channels())
        if not -len(self.layer_widths) <= level < len(self.layer_widths):
            raise ConfigError(f"level: expected one of {len(self.layer_widths)} maps, found {level}")
        self.level = level
        self.width, self.token_width = self.layer_widths[-1], self.layer_widths[level]
        self.register_buffer("centre", torch.tensor(centre).view(-1, 1, 1), persistent=False)
        self.register_buffer("unit", torch.tensor(unit).view(-1, 1, 1), persistent=False)

    def forward(self, batch: Batch, need: Need) -> Embedding:
        cloud = self.cloud(batch)
        image, hit, pixel = project(cloud, self.view)
        maps = self.backbone(((image - self.centre) / self.unit) * hit.unsqueeze(1))

        def tokens(features: Tensor) -> Tokens:
            return self._tokens(features.float(), image, hit, Ragged(pixel, cloud.lengths))

        layers = tuple(tokens(m) for m in maps) if need.layers else ()
        return Embedding(
            pooled=tokens(maps[-1]).mean() if need.pooled else None,
            tokens=tokens(maps[self.level]) if need.tokens else None,
            layers=layers,
        )

    def _tokens(self, features: Tensor, image: Tensor, hit: Tensor, pixel: Ragged) -> Tokens:
        """features [B, D, h, w] of an image [B, 5, H, W]."""
        grid = (features.shape[2], features.shape[3])
        drawn = F.adaptive_avg_pool2d(hit.unsqueeze(1).float(), grid)  # the share of pixels that hold a point
        where = F.adaptive_avg_pool2d(image[:, 1:4], grid) / drawn.clamp_min(1e-9)
        of, _ = Ragged(self._cell(pixel.values, grid), pixel.lengths).padded(fill=-1)
        return Tokens(
            features.flatten(2).transpose(1, 2),
            valid=drawn.flatten(1) > 0,
            where=where.flatten(2).transpose(1, 2),
            frame="lidar_m",
            grid=grid,
            of=of,
            key=self.key,
        )

    def _cell(self, pixel: Tensor, grid: tuple[int, int]) -> Tensor:
        """[E] pixels -> [E] cells of the coarser grid, -1 kept."""
        (height, width), (rows, columns) = self.view.size, grid
        row, column = pixel // width, pixel % width
        return torch.where(pixel >= 0, (row * rows // height) * columns + column * columns // width, -1)


def _checked_view(size: tuple[int, int], azimuth_deg: Bounds, elevation_deg: Bounds) -> RangeView:
    for name, (low, high), most in (("azimuth_deg", azimuth_deg, 180.0), ("elevation_deg", elevation_deg, 90.0)):
        if not -most <= low < high <= most:
            raise ConfigError(f"{name}: expected low < high within ±{most:g} degrees, found {(low, high)}")
    if min(size) < 1:
        raise ConfigError(f"size: expected positive (H, W), found {size}")
    return RangeView((size[0], size[1]), azimuth_deg, elevation_deg)


def _timm(backbone: str, pretrained: bool) -> Any:
    import timm  # costs seconds to import, so only where a model is built

    try:
        return timm.create_model(backbone, pretrained=pretrained, features_only=True, in_chans=len(CHANNELS))
    except (OSError, ConnectionError) as error:
        raise ConfigError(f"weights of {backbone!r} could not be fetched: {error}") from error
    except RuntimeError as error:
        if "Unknown model" in str(error):
            raise ConfigError(f"timm knows no backbone {backbone!r}; see timm.list_models()") from error
        raise ConfigError(f"backbone {backbone!r}: {error}") from error
