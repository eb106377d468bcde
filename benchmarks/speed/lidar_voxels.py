"""Points into voxels, as the point encoder groups them, against the plain way: `numpy.unique` over the cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from xmodal.benchmarks.speed.comparison import Answer, Comparison
from xmodal.data.batch import Ragged
from xmodal.modalities.lidar.base import EXTENT_M
from xmodal.modalities.lidar.voxels import lattice, voxelise

SIZES_M = (0.3, 0.1)
"""That of the point encoder, and that of the sparse U-Net."""


def comparisons(cloud: Ragged) -> list[Comparison]:
    """A batch of scans, with cubes of each size."""
    values, lengths = cloud.values.numpy(), cloud.lengths.numpy()
    found = []
    for size_m in SIZES_M:
        calls = {
            "ours": lambda size_m=size_m: _ours(cloud, size_m),
            "numpy.unique": lambda size_m=size_m: by_unique(values, lengths, size_m),
        }
        case = f"{len(lengths)} scans, cubes of {size_m} m"
        found.append(Comparison("voxelise", case, "points", calls, dict.fromkeys(calls, len(values)), tolerance=1e-5))
    return found


def _ours(cloud: Ragged, size_m: float) -> Answer:
    voxels = voxelise(cloud, voxel_size_m=size_m, extent_m=EXTENT_M)
    return [t.numpy() for t in (voxels.cell, voxels.where, voxels.offset, voxels.lengths, voxels.of)]


def by_unique(values: NDArray[np.float32], lengths: NDArray[np.int64], size_m: float) -> Answer:
    """Cell [T, 3] and mean point [T, 3] of each voxel, place of the points in them [K, 3], voxels of each sample [B],
    voxel of each point [B, E]."""
    low, high = np.array(EXTENT_M, dtype=np.float32).T
    kept = np.flatnonzero(((values[:, :3] >= low) & (values[:, :3] < high)).all(axis=1))
    xyz, sample = values[kept, :3], np.repeat(np.arange(len(lengths)), lengths)[kept]
    place = (xyz - low) / np.float32(size_m)
    shape = np.array(lattice(EXTENT_M, size_m))
    cell = np.minimum(np.floor(place).astype(np.int64), shape - 1)
    key = ((sample * shape[0] + cell[:, 0]) * shape[1] + cell[:, 1]) * shape[2] + cell[:, 2]
    _, first, number, count = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    where = np.stack([np.bincount(number, xyz[:, axis]) / count for axis in range(3)], axis=1)
    voxels = np.bincount(sample[first], minlength=len(lengths))
    flat = np.full(len(values), -1)
    flat[kept] = number - (np.cumsum(voxels) - voxels)[sample]
    of = np.full((len(lengths), lengths.max()), -1)
    of[np.arange(lengths.max()) < lengths[:, None]] = flat
    return [cell[first], where, place - cell - np.float32(0.5), voxels, of]
