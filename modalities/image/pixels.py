"""What counts as an image."""

from __future__ import annotations

from torch import Tensor

from xmodal.data.sample import Rows, Sample
from xmodal.errors import DataError


def pixels_of(sample: Sample, key: str) -> Tensor:
    """The image [3, H, W] of the entry `key`; a DataError if it is something else."""
    entry = sample.entries[key]
    if isinstance(entry, Rows) or entry.ndim != 3 or entry.shape[0] != 3:
        found = "a set" if isinstance(entry, Rows) else f"{list(entry.shape)}"
        raise DataError(f"entry {key!r} of {sample.key!r}", expected="an image [3, H, W]", found=found)
    return entry
