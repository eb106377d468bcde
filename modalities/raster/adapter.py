"""Rasters of any number of bands: spectral mixing, then any 2-D backbone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch
from xmodal.data.sample import Sample
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.maps import backbone_of, level_of, map_tokens


class RasterConv(Adapter):
    """Mixes the C bands of every pixel into a few channels (1x1 convolution), then computes maps of them.

    A value that is NaN (not measured) takes a learned value of its band, at first the band's mean; the share of bands
    that a pixel has goes into the mix as one more channel. Tokens are the cells of one map, the pooled vector is the
    mean of the deepest one.

    Args:
        bands: C.
        key: the entry it reads, float [C, H, W].
        mean, std: [C] statistics of the training set, in the units of the file; None for 0 and 1.
        mixed: channels after the mix.
        backbone: a timm model's name; None for small convolutions.
        widths: of the small convolutions, each of which halves the sides.
        token_stride: pixels a token; None takes the deepest map.
        options: further arguments of `timm.create_model`.
    """

    modality = "raster"
    mean: Tensor
    std: Tensor

    def __init__(
        self,
        bands: int = 4,
        key: str = "raster",
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        mixed: int = 16,
        backbone: str | None = None,
        widths: Sequence[int] = (32, 64, 128),
        token_stride: int | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.key, self.bands = key, bands
        self.inputs = (key,)
        for name, given, default in (("mean", mean, 0.0), ("std", std, 1.0)):
            values = [default] * bands if given is None else list(given)
            if len(values) != bands or bands < 1 or (name == "std" and min(values) <= 0):
                raise ConfigError(f"{name}: expected a number for each of {bands} bands (std above 0), found {values}")
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32).view(bands, 1, 1))
        self.fill = nn.Parameter(torch.zeros(bands, 1, 1))
        self.mix = nn.Sequential(nn.Conv2d(bands + 1, mixed, 1), nn.GroupNorm(1, mixed), nn.GELU())
        self.backbone = backbone_of(backbone, mixed, widths, options)
        self.level = level_of(self.backbone.strides, token_stride)
        self.layer_widths = self.backbone.widths
        self.width, self.token_width = self.layer_widths[-1], self.layer_widths[self.level]

    def forward(self, batch: Batch, need: Need) -> Embedding:
        raster = batch.tensor(self.key)
        if raster.ndim != 4 or raster.shape[1] != self.bands or not raster.is_floating_point():
            expected, found = f"floats [B, {self.bands}, H, W]", f"{raster.dtype} {list(raster.shape)}"
            raise DataError(f"entry {self.key!r}", expected=expected, found=found)
        size = (raster.shape[2], raster.shape[3])
        maps = self.backbone(self.mix(self._filled(raster)))

        def tokens(x: Tensor) -> Tokens:
            return map_tokens(x, size, frame="image_px", key=self.key)

        return Embedding(
            pooled=maps[-1].mean((2, 3)) if need.pooled else None,
            tokens=tokens(maps[self.level]) if need.tokens else None,
            layers=tuple(tokens(m) for m in maps) if need.layers else (),
        )

    def _filled(self, raster: Tensor) -> Tensor:
        """[B, C + 1, H, W]: normalised bands without NaN, and the share of bands that each pixel has."""
        known = raster.isfinite()
        scaled = (raster.float().masked_fill(~known, 0) - self.mean) / self.std
        share = known.float().mean(1, keepdim=True)
        return torch.cat([torch.where(known, scaled, self.fill), share], dim=1)

    @staticmethod
    def read(path: Path) -> Tensor:
        """A .npy or TIFF file as float32 [C, H, W], NaN where nothing was measured."""
        from xmodal.modalities.raster.read import read_raster

        return read_raster(path)

    @staticmethod
    def example(batch_size: int) -> Batch:
        values = torch.randn(batch_size, 4, 24, 32)
        values[torch.rand(values.shape) < 0.05] = torch.nan
        return Batch(
            keys=tuple(f"example-{i}" for i in range(batch_size)),
            entries={"raster": values},
            index=torch.arange(batch_size),
        )

    @staticmethod
    def picture(sample: Sample, key: str) -> Any:
        """Three bands as red, green and blue, or one band in colours."""
        from xmodal.modalities.raster.picture import picture

        return picture(sample, key)
