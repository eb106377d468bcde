"""Volumes as entries of a Sample: the tensor is the entry, the affine goes to `meta["affine"]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor

from xmodal.data.sample import Label, Rows, Sample
from xmodal.errors import DataError
from xmodal.modalities.volume.volume import Grid, Volume


def volume_sample(key: str, volumes: Mapping[str, Volume], labels: Mapping[str, Label] | None = None) -> Sample:
    """A Sample of volumes.

    Args:
        key: of the sample.
        volumes: by entry: "volume/mri", "volume/pet".
        labels: by task; dense ones by entry, [Z, Y, X].

    Returns:
        entries [1, Z, Y, X]; meta["affine"][entry] [4, 4] float64 and meta["units"][entry].
    """
    meta = {
        "affine": {name: volume.affine for name, volume in volumes.items()},
        "units": {name: volume.units for name, volume in volumes.items()},
    }
    return Sample(key, {name: volume.data for name, volume in volumes.items()}, labels=labels or {}, meta=meta)


def voxels_of(sample: Sample, key: str) -> Tensor:
    """The volume [C, Z, Y, X] (float) of the entry `key`; a DataError if it is something else."""
    entry = sample.entries[key]
    if isinstance(entry, Rows) or entry.ndim != 4 or not entry.is_floating_point():
        found = "a set" if isinstance(entry, Rows) else f"{entry.dtype} {list(entry.shape)}"
        raise DataError(f"entry {key!r} of {sample.key!r}", expected="a volume [C, Z, Y, X], float", found=found)
    return entry


def grid_of(sample: Sample, key: str) -> Grid | None:
    """The grid of the entry `key`, or None where the sample holds no affine for it."""
    affine = sample.meta.get("affine", {}).get(key)
    if affine is None:
        return None
    z, y, x = voxels_of(sample, key).shape[1:]
    return Grid((z, y, x), affine)


def set_affine(sample: Sample, key: str, affine: Tensor) -> Sample:
    """The sample with another affine for the entry `key`."""
    return replace(sample, meta={**sample.meta, "affine": {**sample.meta.get("affine", {}), key: affine}})


def set_units(sample: Sample, key: str, units: str) -> Sample:
    """The sample with other units for the entry `key`."""
    return replace(sample, meta={**sample.meta, "units": {**sample.meta.get("units", {}), key: units}})
