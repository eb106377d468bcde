"""Points into the camera, and tokens of a cloud paired with patches of the image, against numpy by hand."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from xmodal.benchmarks.speed.comparison import Answer, Comparison
from xmodal.bus import Tokens
from xmodal.data.batch import Batch
from xmodal.data.projection import project
from xmodal.modalities.lidar.base import EXTENT_M
from xmodal.modalities.lidar.voxels import voxelise
from xmodal.pairs import pair_tokens

VOXEL_M = 0.3
PATCH_PX = 8
MATRIX = np.array([[96.0, -148.0, 0.0, 9.6], [32.0, 0.0, -148.0, -41.2], [1.0, 0.0, 0.0, -0.15]])
"""[3, 4] from the street's LiDAR to the pixels of its camera."""


def comparisons(batch: Batch) -> list[Comparison]:
    """All points of a batch through one matrix; the batch's tokens through the links that it came with."""
    cloud, image = batch.ragged("lidar"), batch.tensor("image")
    height, width = image.shape[2:]
    xyz, matrix = cloud.values[:, :3].contiguous(), torch.from_numpy(MATRIX)

    def ours() -> Answer:
        return [t.numpy() for t in project(xyz, matrix, (height, width))]

    projections = {"ours": ours, "numpy": lambda: by_hand(xyz.numpy(), MATRIX, (height, width))}
    of = voxelise(cloud, voxel_size_m=VOXEL_M, extent_m=EXTENT_M).of
    patches, voxels = tokens(batch, of)
    grid = (height // PATCH_PX, width // PATCH_PX)
    uv = [rows.numpy() for rows in torch.split(batch.links["lidar", "image"].values, cloud.lengths.tolist())]

    def paired() -> Answer:
        pairs = pair_tokens(patches, voxels, batch)
        return [pairs.index.numpy(), pairs.weight.numpy()]

    by_numpy = {"ours": paired, "numpy": lambda: pairs_by_hand(uv, of.numpy(), grid, (height, width))}
    counts = dict.fromkeys(projections, len(xyz))
    return [
        Comparison("project", "float64, kept inside the image", "points", projections, counts, tolerance=1e-12),
        Comparison("pair", f"patches with voxels, {len(batch)} scans", "points", by_numpy, counts),
    ]


def tokens(batch: Batch, of: Tensor) -> tuple[Tokens, Tokens]:
    """Patches of the image and voxels of the cloud; what they hold is not read."""
    height, width = batch.tensor("image").shape[2:]
    grid = (height // PATCH_PX, width // PATCH_PX)
    patches = Tokens(torch.zeros(len(batch), grid[0] * grid[1], 1), grid=grid, key="image")
    return patches, Tokens(torch.zeros(len(batch), int(of.max()) + 1, 1), of=of, key="lidar")


def by_hand(xyz: NDArray[np.float32], matrix: NDArray[np.float64], size: tuple[int, int]) -> Answer:
    """Pixels [P, 2], NaN where the camera does not see the point, and depth [P] of points [P, 3]."""
    uvw = xyz.astype(np.float64) @ matrix[:, :3].T + matrix[:, 3]
    u, v = uvw[:, 0] / uvw[:, 2], uvw[:, 1] / uvw[:, 2]
    seen = (uvw[:, 2] > 0) & (u >= 0) & (v >= 0) & (u < size[1]) & (v < size[0])
    uv = np.stack([u, v], axis=1)
    uv[~seen] = np.nan
    return [uv, uvw[:, 2]]


def pairs_by_hand(
    uv_px: list[NDArray[np.float32]], of: NDArray[np.int64], grid: tuple[int, int], size: tuple[int, int]
) -> Answer:
    """Index [M, 3] and weight [M] of the pairs, sample after sample.

    Args:
        uv_px: of each sample, [P, 2]; of: [B, E] voxel of each point, -1 for none.
    """
    index, weight = [], []
    for number, (uv, voxel) in enumerate(zip(uv_px, of, strict=True)):
        seen = np.flatnonzero(np.isfinite(uv[:, 0]) & (voxel[: len(uv)] >= 0))
        row = np.floor(uv[seen, 1] * np.float32(grid[0] / size[0])).astype(np.int64)
        column = np.floor(uv[seen, 0] * np.float32(grid[1] / size[1])).astype(np.int64)
        code = (row * grid[1] + column) * of.shape[1] + voxel[seen]
        code, shared = np.unique(code, return_counts=True)
        index.append(np.stack([np.full_like(code, number), code // of.shape[1], code % of.shape[1]], axis=1))
        weight.append(shared.astype(np.float32))
    return [np.concatenate(index), np.concatenate(weight)]
