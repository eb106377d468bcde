"""What counts as a raster, and how an edit of its pixels reaches all that is tied to them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import map_labels, map_links_from, map_links_into, set_entry
from xmodal.errors import DataError


def bands_of(sample: Sample, key: str) -> Tensor:
    """The raster [C, H, W] of floats in the entry `key`; a DataError if it is something else."""
    entry = sample.entries[key]
    if isinstance(entry, Rows) or entry.ndim != 3 or not entry.is_floating_point():
        found = "a set" if isinstance(entry, Rows) else f"{entry.dtype} {list(entry.shape)}"
        raise DataError(f"entry {key!r} of {sample.key!r}", expected="a raster of floats [C, H, W]", found=found)
    return entry


def mirrored(place_px: Tensor, size: int) -> Tensor:
    """size - place, kept inside the half-open range [0, size)."""
    last = float(torch.nextafter(torch.tensor(float(size)), torch.tensor(0.0)))
    return (size - place_px).clamp(max=last)


def move_pixels(
    sample: Sample, key: str, dense: Callable[[Tensor], Tensor], move: Callable[[Tensor], Tensor]
) -> Sample:
    """Apply `dense` [..., H, W] to the raster, its labels and its own links, and `move` [E, 2] to what points at it."""
    bands = bands_of(sample, key)
    height, width = bands.shape[1:]

    def labels(label: Tensor) -> Tensor:
        if label.shape[-2:] != (height, width):
            where = f"dense label of {key!r} in sample {sample.key!r}"
            raise DataError(where, expected=f"[{height}, {width}], as the raster", found=f"{list(label.shape)}")
        return dense(label)

    def outgoing(link: Tensor) -> Tensor:
        if len(link) != height * width:
            where = f"link from {key!r} in sample {sample.key!r}"
            raise DataError(where, expected=f"a row for each of {height * width} pixels", found=f"{len(link)} rows")
        return dense(link.T.reshape(-1, height, width)).flatten(1).T

    edited = map_links_into(set_entry(sample, key, dense(bands)), key, move)
    return map_labels(map_links_from(edited, key, outgoing), key, labels)
