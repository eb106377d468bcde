"""A video through an image backbone, frame by frame, and attention between the frames."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch
from xmodal.data.sample import Sample
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.blocks import Block, sine_positions
from xmodal.modalities.image.adapter import TimmImage


class FrameEncoder(Adapter):
    """`TimmImage` over every frame of [B, T, 3, H, W] (uint8, or float in [0, 1]).

    Tokens and layers are those of the frames one after the other: grid (T, H', W'), `where` = (u px, v px, frame
    number). The pooled vector is the mean over the frames' vectors, after `depth` blocks of attention between them.

    Args:
        backbone: any name that timm offers with features.
        key: the entry it reads.
        depth: blocks of attention between frames; 0 for the plain mean.
        heads: of each block.
        token_stride, pyramid_width, levels, pretrained, weights, options: as in `TimmImage`.
    """

    modality = "video"
    initial = ("pretrained", "weights")

    def __init__(
        self,
        backbone: str = "resnet18",
        *,
        key: str = "video",
        depth: int = 1,
        heads: int = 4,
        token_stride: int | None = None,
        pyramid_width: int = 0,
        levels: tuple[int, ...] | None = None,
        pretrained: bool = False,
        weights: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        if depth < 0:
            raise ConfigError(f"depth: expected 0 or more, found {depth}")
        self.key, self.inputs = key, (key,)
        self.image = TimmImage(
            backbone,
            key=key,
            token_stride=token_stride,
            pyramid_width=pyramid_width,
            levels=levels,
            pretrained=pretrained,
            weights=weights,
            options=options,
        )
        self.width, self.token_width = self.image.width, self.image.token_width
        self.layer_widths = self.image.layer_widths
        self.blocks = nn.ModuleList(Block(self.width, heads) for _ in range(depth))

    def forward(self, batch: Batch, need: Need) -> Embedding:
        video = batch.tensor(self.key)
        if video.ndim != 5 or video.shape[2] != 3 or not video.shape[1]:
            raise DataError(f"entry {self.key!r}", expected="[B, T, 3, H, W]", found=f"{list(video.shape)}")
        count = video.shape[1]
        frames = video.flatten(0, 1)  # [B * T, 3, H, W]
        keys = tuple(f"{key}/{t}" for key in batch.keys for t in range(count))
        inner = Batch(keys, {self.key: frames}, torch.arange(len(frames), device=frames.device))
        each = self.image(inner, need)
        return Embedding(
            pooled=self._pooled(each.need_pooled("TimmImage").unflatten(0, (-1, count))) if need.pooled else None,
            tokens=_joined(each.need_tokens("TimmImage"), count) if need.tokens else None,
            layers=tuple(_joined(layer, count) for layer in each.layers),
        )

    def _pooled(self, x: Tensor) -> Tensor:
        """[B, T, D] -> [B, D]."""
        if self.blocks:
            x = x + sine_positions(torch.arange(x.shape[1], device=x.device), self.width)
        for block in self.blocks:
            x = block(x)
        return x.mean(1)

    @staticmethod
    def read(path: Path) -> Tensor:
        """A folder of PNG or JPEG frames as uint8 [T, 3, H, W]."""
        from xmodal.modalities.image.frames import read_frames

        return read_frames(path)

    @staticmethod
    def example(batch_size: int) -> Batch:
        return Batch(
            keys=tuple(f"example-{i}" for i in range(batch_size)),
            entries={"video": torch.randint(0, 256, (batch_size, 3, 3, 64, 64), dtype=torch.uint8)},
            index=torch.arange(batch_size),
        )

    @staticmethod
    def picture(sample: Sample, key: str) -> Any:
        """Up to eight frames in a row."""
        from xmodal.modalities.image.frame_picture import picture

        return picture(sample, key)


def _joined(tokens: Tokens, count: int) -> Tokens:
    """Tokens of B * T frames as those of B videos of `count` frames."""
    assert tokens.where is not None
    assert tokens.grid is not None
    batch, cells = len(tokens.x) // count, tokens.x.shape[1]
    uv = tokens.where.reshape(batch, count * cells, 2)
    number = torch.arange(count, device=uv.device, dtype=uv.dtype).repeat_interleave(cells)
    return Tokens(
        tokens.x.reshape(batch, count * cells, -1),
        where=torch.cat([uv, number.view(1, -1, 1).expand(batch, -1, -1)], dim=-1),
        frame="video_px",
        grid=(count, *tokens.grid),
        key=tokens.key,
    )
