"""Points grouped into voxels: the tokens of a cloud."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from xmodal.data.batch import Ragged
from xmodal.modalities.lidar.segments import Segments, segment_mean

Extent = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
"""(low, high) in metres along x, y, z."""


@dataclass(frozen=True, slots=True)
class Voxels:
    """The occupied voxels of a batch of clouds, sample after sample. K: points inside the extent; T: voxels.

    Attributes:
        kept: [K] long: the rows of the cloud that lie inside the extent.
        points: groups those K points into the T voxels.
        cell: [T, 3] long: the voxel's place in the lattice, along x, y, z (zeros where each point is a voxel).
        where: [T, 3] metres: the mean of the voxel's points.
        offset: [K, 3] in [-0.5, 0.5]: from the voxel's centre to the point, in voxel sizes.
        sample: [T] long: the sample that a voxel belongs to.
        lengths: [B] long: voxels in each sample.
        of: [B, E] long: the voxel, counted within its sample, that a point fell into; -1 outside the extent.
    """

    kept: Tensor
    points: Segments
    cell: Tensor
    where: Tensor
    offset: Tensor
    sample: Tensor
    lengths: Tensor
    of: Tensor

    def slot(self) -> Tensor:
        """[T] long: the place of each voxel in the rectangle [B * longest]."""
        place = Ragged(self.sample, self.lengths)
        return self.sample * self.longest() + place.position()

    def longest(self) -> int:
        return int(self.lengths.max()) if len(self.lengths) else 0

    def valid(self) -> Tensor:
        """[B, longest] bool."""
        return torch.arange(self.longest(), device=self.lengths.device) < self.lengths.unsqueeze(1)


def to_rectangle(rows: Tensor, slot: Tensor, valid: Tensor) -> Tensor:
    """rows [T, D] put at slot [T] (in [0, B * N)) of a [B, N, D] of zeros, with valid [B, N]."""
    flat = rows.new_zeros(valid.numel(), rows.shape[1])
    return flat.index_copy(0, slot, rows).view(*valid.shape, rows.shape[1])


def lattice(extent_m: Extent, voxel_size_m: float) -> tuple[int, int, int]:
    """The number of voxels along x, y, z."""
    x, y, z = (max(1, -int(-(high - low) / voxel_size_m // 1)) for low, high in extent_m)
    return x, y, z


def voxelise(cloud: Ragged, *, voxel_size_m: float, extent_m: Extent) -> Voxels:
    """Group the points (values [sum, >= 3]: x, y, z in metres first) of each sample into cubes.

    Args:
        voxel_size_m: edge of a cube; 0 makes each point a voxel of its own.
        extent_m: points outside are dropped, not-a-number among them.
    """
    xyz = cloud.values[:, :3].float()
    low, high = xyz.new_tensor(extent_m).unbind(1)
    kept = ((xyz >= low) & (xyz < high)).all(1).nonzero().squeeze(1)
    xyz, sample = xyz.index_select(0, kept), cloud.sample().index_select(0, kept)
    if voxel_size_m == 0:
        cell, offset = torch.zeros_like(xyz, dtype=torch.long), torch.zeros_like(xyz)
        first = torch.arange(len(kept), device=xyz.device)
        points = Segments.of_sorted(first, first, groups=len(first))
    else:
        place = (xyz - low) / voxel_size_m
        shape = lattice(extent_m, voxel_size_m)
        # Narrow keys sort twice as fast.
        whole = torch.int32 if len(cloud.lengths) * shape[0] * shape[1] * shape[2] < 2**30 else torch.int64
        # A point just below the upper bound can round up to it.
        cell = torch.minimum(place.floor().to(whole), torch.tensor(shape, dtype=whole, device=xyz.device) - 1)
        offset = place - cell - 0.5
        key = ((sample.to(whole) * shape[0] + cell[:, 0]) * shape[1] + cell[:, 1]) * shape[2] + cell[:, 2]
        points, first = _group(key)
    cell, own = cell.index_select(0, first).long(), sample.index_select(0, first)
    lengths = torch.bincount(own, minlength=len(cloud.lengths))
    start = lengths.cumsum(0) - lengths
    flat = torch.full((len(cloud.values),), -1, device=xyz.device)
    flat.scatter_(0, kept, points.of - start.index_select(0, sample))
    of, _ = Ragged(flat, cloud.lengths).padded(fill=-1)
    return Voxels(kept, points, cell, segment_mean(xyz, points), offset, own, lengths, of)


def _group(key: Tensor) -> tuple[Segments, Tensor]:
    """(the rows [K] grouped by key, [T] a row that holds each distinct key), both in the order of the keys."""
    ordered, order = torch.sort(key, stable=True)
    new = torch.ones_like(ordered, dtype=torch.bool)
    new[1:] = ordered[1:] != ordered[:-1]
    first = order.masked_select(new)
    return Segments.of_sorted(order, new.cumsum(0) - 1, groups=len(first)), first
