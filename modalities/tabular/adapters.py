"""Rows of a table: a perceptron over all columns, or a transformer between them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch
from xmodal.data.sample import Sample
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.blocks import Block
from xmodal.modalities.tabular.columns import ColumnTokens

EXAMPLE_CODES = (0, 0, 0, 3, 2)


class _Tabular(Adapter):
    modality: ClassVar[str] = "tabular"

    def __init__(
        self,
        codes: Sequence[int],
        key: str,
        width: int,
        depth: int,
        mean: Sequence[float] | None,
        std: Sequence[float] | None,
    ) -> None:
        super().__init__()
        if depth < 1:
            raise ConfigError(f"depth: expected at least 1, found {depth}")
        self.key, self.inputs = key, (key,)
        self.columns = ColumnTokens(codes, width, mean, std)
        self.count = len(codes)
        self.width = self.token_width = width

    def embedded(self, batch: Batch) -> Tensor:
        """[B, F, D]: one token a column."""
        row = batch.tensor(self.key)
        if row.ndim != 2 or row.shape[1] != self.count or not row.is_floating_point():
            found = f"{row.dtype} {list(row.shape)}"
            raise DataError(f"entry {self.key!r}", expected=f"floats [B, {self.count}]", found=found)
        tokens: Tensor = self.columns(row)
        return tokens

    def column_tokens(self, x: Tensor) -> Tokens:
        """Tokens with the columns as their grid; a column lies nowhere."""
        return Tokens(x, grid=(self.count,), key=self.key)

    @staticmethod
    def read(path: Path) -> Tensor:
        """A .json or .csv file of numbers, one row: float32 [F]. `read_row` also codes categories."""
        from xmodal.modalities.tabular.read import read_row

        return read_row(path)

    @staticmethod
    def example(batch_size: int) -> Batch:
        columns = [torch.randint(n, (batch_size,)).float() if n else torch.randn(batch_size) for n in EXAMPLE_CODES]
        row = torch.stack(columns, 1)
        row[torch.rand(row.shape) < 0.1] = torch.nan
        return Batch(
            keys=tuple(f"example-{i}" for i in range(batch_size)),
            entries={"tabular": row},
            index=torch.arange(batch_size),
        )

    @staticmethod
    def picture(sample: Sample, key: str) -> Any:
        """A table of names and values."""
        from xmodal.modalities.tabular.picture import picture

        return picture(sample, key)


class TabularMLP(_Tabular):
    """The tokens of all columns side by side, through a residual perceptron, make the pooled vector.

    Tokens are those of the columns alone; the perceptron's blocks have no tokens, so there are no layers.

    Args:
        codes: by column: 0 for a number, or how many categories it has.
        key: the entry it reads: float [F], NaN for missing, categories as codes.
        width: D.
        depth: residual blocks.
        mean, std: [F] statistics of the numbers; None for 0 and 1.
    """

    def __init__(
        self,
        codes: Sequence[int] = EXAMPLE_CODES,
        key: str = "tabular",
        width: int = 64,
        depth: int = 2,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
    ) -> None:
        super().__init__(codes, key, width, depth, mean, std)
        self.join = nn.Linear(self.count * width, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
            for _ in range(depth)
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, batch: Batch, need: Need) -> Embedding:
        tokens = self.embedded(batch)
        pooled = None
        if need.pooled:
            x = self.join(tokens.flatten(1))
            for block in self.blocks:
                x = x + block(x)
            pooled = self.norm(x)
        return Embedding(pooled=pooled, tokens=self.column_tokens(tokens) if need.tokens else None)


class TabularTransformer(_Tabular):
    """The tokens of the columns attend to each other; the pooled vector is their mean.

    Args:
        codes, key, width, mean, std: as in `TabularMLP`.
        depth: blocks of attention.
        heads: of each block.
    """

    def __init__(
        self,
        codes: Sequence[int] = EXAMPLE_CODES,
        key: str = "tabular",
        width: int = 64,
        depth: int = 2,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        heads: int = 4,
    ) -> None:
        super().__init__(codes, key, width, depth, mean, std)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.layer_widths = (width,) * depth

    def forward(self, batch: Batch, need: Need) -> Embedding:
        x, layers = self.embedded(batch), []
        for block in self.blocks:
            x = block(x)
            layers.append(self.column_tokens(x))
        tokens = self.column_tokens(self.norm(x))
        return Embedding(
            pooled=tokens.mean() if need.pooled else None,
            tokens=tokens if need.tokens else None,
            layers=tuple(layers) if need.layers else (),
        )
