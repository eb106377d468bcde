"""Events through a voxel grid into any 2-D backbone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch, Ragged, collate
from xmodal.data.sample import Rows, Sample
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.event.voxel import voxel_grid
from xmodal.modalities.maps import backbone_of, level_of, map_tokens


class EventVoxel(Adapter):
    """A voxel grid of the events, its counts on a logarithmic scale, then maps of it.

    Tokens are the cells of one map, and each event belongs to the cell that its pixel lies in; the pooled vector is
    the mean of the deepest map.

    Args:
        size: (H, W) of the sensor in pixels; events outside are left out.
        bins: of time, at least 1.
        key: the entry it reads: Rows([E, 4]) int64 (t_us, x, y, polarity).
        backbone: a timm model's name; None for small convolutions.
        widths: of the small convolutions, each of which halves the sides.
        token_stride: pixels a token; None takes the deepest map.
        options: further arguments of `timm.create_model`.
    """

    modality = "event"

    def __init__(
        self,
        size: tuple[int, int] = (34, 34),
        bins: int = 5,
        key: str = "event",
        backbone: str | None = None,
        widths: Sequence[int] = (32, 64, 128),
        token_stride: int | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        if len(size) != 2 or min(size) < 1 or bins < 1:
            raise ConfigError(f"expected a size (H, W) and bins of at least 1, found {size} and {bins}")
        self.size, self.bins, self.key = (int(size[0]), int(size[1])), bins, key
        self.inputs = (key,)
        self.backbone = backbone_of(backbone, bins, widths, options)
        self.level = level_of(self.backbone.strides, token_stride)
        self.layer_widths = self.backbone.widths
        self.width, self.token_width = self.layer_widths[-1], self.layer_widths[self.level]

    def forward(self, batch: Batch, need: Need) -> Embedding:
        events = batch.ragged(self.key)
        if events.values.ndim != 2 or events.values.shape[1] != 4 or events.values.dtype != torch.int64:
            found = f"{events.values.dtype} {list(events.values.shape)}"
            raise DataError(f"entry {self.key!r}", expected="events [E, 4] of int64", found=found)
        grid = voxel_grid(events, self.bins, self.size)
        maps = self.backbone(grid.sign() * grid.abs().log1p())
        return Embedding(
            pooled=maps[-1].mean((2, 3)) if need.pooled else None,
            tokens=self._tokens(maps[self.level], events) if need.tokens else None,
            layers=tuple(self._tokens(m, events) for m in maps) if need.layers else (),
        )

    def _tokens(self, image: Tensor, events: Ragged) -> Tokens:
        height, width = self.size
        rows, columns = image.shape[-2:]
        x, y = events.values[:, 1], events.values[:, 2]
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        # The cell that holds the middle of the pixel, in whole numbers: (2 x + 1) columns / (2 width).
        row, column = (2 * y + 1) * rows // (2 * height), (2 * x + 1) * columns // (2 * width)
        cell = torch.where(inside, row * columns + column, -1)
        of, _ = Ragged(cell, events.lengths).padded(-1)
        return map_tokens(image, self.size, frame="event_px", key=self.key, of=of)

    @staticmethod
    def read(path: Path) -> Rows:
        """A .npy, .txt or .bin file of events as Rows([E, 4]) int64 (t_us, x, y, polarity)."""
        from xmodal.modalities.event.read import read_events

        return read_events(path)

    @staticmethod
    def example(batch_size: int) -> Batch:
        samples = []
        for i in range(batch_size):
            count = int(torch.randint(200, 400, ()))
            time = torch.randint(0, 300_000, (count,)).sort().values
            pixels, polarity = torch.randint(0, 34, (count, 2)), torch.randint(0, 2, (count,))
            events = torch.cat([time[:, None], pixels, polarity[:, None]], 1)
            samples.append(Sample(f"example-{i}", {"event": Rows(events)}))
        return collate(samples)

    @staticmethod
    def picture(sample: Sample, key: str) -> Any:
        """Brighter in blue, darker in red."""
        from xmodal.modalities.event.picture import picture

        return picture(sample, key)
