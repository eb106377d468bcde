"""What counts as a raster, and how an edit of its pixels reaches all that is tied to them."""

from __future__ import annotations

from torch import Tensor

from xmodal.data.sample import Rows, Sample
from xmodal.errors import DataError


def bands_of(sample: Sample, key: str) -> Tensor:
    """The raster [C, H, W] of floats in the entry `key`; a DataError if it is something else."""
    entry = sample.entries[key]
    if isinstance(entry, Rows) or entry.ndim != 3 or not entry.is_floating_point():
        found = "a set" if isinstance(entry, Rows) else f"{entry.dtype} {list(entry.shape)}"
        raise DataError(f"entry {key!r} of {sample.key!r}", expected="a raster of floats [C, H, W]", found=found)
    return entry
