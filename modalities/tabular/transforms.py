"""Augmentations of a row [F] of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import EntryTransform, chance, draw_seed, seeded, set_entry
from xmodal.errors import ConfigError, DataError


def row_of(sample: Sample, key: str) -> Tensor:
    """The floats [F] of the entry `key`; a DataError if it is something else."""
    entry = sample.entries[key]
    if isinstance(entry, Rows) or entry.ndim != 1 or not entry.is_floating_point():
        found = "a set" if isinstance(entry, Rows) else f"{entry.dtype} {list(entry.shape)}"
        raise DataError(f"entry {key!r} of {sample.key!r}", expected="a row of floats [F]", found=found)
    return entry


class ColumnDropout(EntryTransform):
    """Make each value missing (NaN) with a probability."""

    fields = ("columns",)

    def __init__(self, probability: float = 0.1, key: str = "tabular") -> None:
        super().__init__(key)
        if not 0 <= probability <= 1:
            raise ConfigError(f"ColumnDropout needs 0 <= probability <= 1, not {probability}")
        self.probability = probability

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"columns": [i for i in range(len(row_of(sample, self.key))) if chance(self.probability, generator)]}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        row = row_of(sample, self.key).clone()
        row[params["columns"]] = torch.nan
        return set_entry(sample, self.key, row)


class GaussianNoise(EntryTransform):
    """Add normal noise to numbers.

    Args:
        std: by column, in its own units; 0 leaves a column (a category, say) as it is.
    """

    fields = ("seed", "std")

    def __init__(self, std: Sequence[float], key: str = "tabular") -> None:
        super().__init__(key)
        if not std or min(std) < 0:
            raise ConfigError(f"GaussianNoise needs one std of at least 0 for each column, not {list(std)}")
        self.std = list(std)

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"seed": draw_seed(generator), "std": self.std}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        row, std = row_of(sample, self.key), params["std"]
        if len(std) != len(row):
            where = f"entry {self.key!r} of {sample.key!r}"
            raise DataError(where, expected=f"{len(std)} columns, one a std", found=f"{len(row)}")
        noise = torch.randn(len(row), generator=seeded(params["seed"]), dtype=row.dtype)
        return set_entry(sample, self.key, row + noise * row.new_tensor(std))
