"""Transforms of space: they edit all volumes of a sample that lie on one grid, with the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from xmodal.data.sample import Sample, modality_of
from xmodal.data.transforms import (
    EntryTransform,
    Params,
    map_labels,
    map_links_from,
    map_links_into,
    set_entry,
)
from xmodal.errors import DataError
from xmodal.modalities.volume.entries import grid_of, voxels_of


class JointVolumeTransform(EntryTransform):
    """Base of the transforms that move the voxels of several entries together.

    Args:
        keys: the entries to edit; None takes every entry of the modality "volume". They must lie on one grid: the
            same [Z, Y, X], and the same affine where the sample holds one.
    """

    def __init__(self, keys: Sequence[str] | None = None) -> None:
        super().__init__("volume")
        self.keys = None if keys is None else tuple(keys)

    def present(self, sample: Sample) -> tuple[str, ...]:
        """The entries of this sample that will be edited."""
        if self.keys is None:
            return tuple(key for key in sample.entries if modality_of(key) == "volume")
        return tuple(key for key in self.keys if key in sample.entries)

    def __call__(
        self, sample: Sample, params: Params | None = None, generator: torch.Generator | None = None
    ) -> tuple[Sample, Params]:
        keys = self.present(sample)
        fields = self.fields if keys else ()
        check_one_grid(sample, keys)
        if params is None:
            params = self.draw(sample, generator) if fields else {}
        elif not isinstance(params, dict) or params.keys() != set(fields):
            where = f"params of {type(self).__name__} for sample {sample.key!r}"
            raise DataError(where, expected=f"a dict with the fields {sorted(fields)}", found=f"{params!r:.80}")
        return (self.apply(sample, params) if fields else sample), params

    def shape(self, sample: Sample) -> tuple[int, int, int]:
        """(Z, Y, X) of the entries."""
        z, y, x = voxels_of(sample, self.present(sample)[0]).shape[1:]
        return z, y, x


def check_one_grid(sample: Sample, keys: Sequence[str]) -> None:
    """A DataError unless these entries have one shape and, where known, one affine."""
    shapes = {key: tuple(voxels_of(sample, key).shape[1:]) for key in keys}
    if len(set(shapes.values())) > 1:
        expected = "volumes on one grid (resample them, or name the `keys` to edit)"
        raise DataError(f"volumes of {sample.key!r}", expected=expected, found=f"{shapes}")
    grids = [(key, grid) for key in keys if (grid := grid_of(sample, key)) is not None]
    for key, grid in grids[1:]:
        if not grid.same(grids[0][1]):
            found = f"{grids[0][0]!r} and {key!r} with affines that differ"
            raise DataError(f"volumes of {sample.key!r}", expected="volumes on one grid", found=found)


def edit_volumes(
    sample: Sample,
    keys: Sequence[str],
    volume: Callable[[Tensor], Tensor],
    dense: Callable[[Tensor], Tensor],
    move: Callable[[Tensor], Tensor],
) -> Sample:
    """Edit the volumes and what is tied to them.

    Args:
        volume: [C, Z, Y, X] -> [C, Z', Y', X'], intensities.
        dense: [C, Z, Y, X] -> [C, Z', Y', X'], labels and other values that must not be mixed.
        move: [E, 3] -> [E, 3], places (x, y, z) in voxels that links point at; NaN where nothing is.
    """
    for key in keys:
        sample = _edit_one(sample, key, volume, dense, move)
    return sample


def _edit_one(
    sample: Sample,
    key: str,
    volume: Callable[[Tensor], Tensor],
    dense: Callable[[Tensor], Tensor],
    move: Callable[[Tensor], Tensor],
) -> Sample:
    values = voxels_of(sample, key)
    shape = values.shape[1:]

    def label(given: Tensor) -> Tensor:
        if given.shape[-3:] != shape:
            where = f"dense label of {key!r} in sample {sample.key!r}"
            raise DataError(where, expected=f"[..., {list(shape)}], as the volume", found=f"{list(given.shape)}")
        moved = dense(given.reshape(-1, *shape))
        return moved.reshape(*given.shape[:-3], *moved.shape[-3:])

    def outgoing(link: Tensor) -> Tensor:
        if len(link) != shape.numel():
            where = f"link from {key!r} in sample {sample.key!r}"
            raise DataError(where, expected=f"a row for each voxel of {list(shape)}", found=f"{len(link)} rows")
        return dense(link.T.reshape(-1, *shape)).flatten(1).T

    edited = map_links_into(set_entry(sample, key, volume(values)), key, move)
    return map_labels(map_links_from(edited, key, outgoing), key, label)
