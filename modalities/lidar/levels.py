"""Tokens of the levels of a sparse U-Net: voxels twice as large from level to level."""

from __future__ import annotations

import torch
from torch import Tensor

from xmodal.bus import Tokens
from xmodal.data.batch import Ragged
from xmodal.modalities.lidar.voxels import Voxels, to_rectangle


def level_tokens(
    features: Tensor, indices: Tensor, voxels: Voxels, *, level: int, low: Tensor, voxel_size_m: float
) -> Tokens:
    """Features [T', D] at indices [T', 4] (sample, x, y, z) as tokens, in the order of sample and place.

    Args:
        voxels: those of level 0, which say where each point fell.
        level: the voxels here are 2 ** level times as large.
        low: [3] metres: the corner of the lattice.
    """
    span = int(voxels.cell.max()) + 1 if len(voxels.cell) else 1
    ranks, order = torch.sort(_key(indices[:, 0].long(), indices[:, 1:].long(), span))
    indices, features = indices[order].long(), features.index_select(0, order)
    sample = indices[:, 0]
    lengths = torch.bincount(sample, minlength=len(voxels.lengths))
    place = Ragged(sample, lengths).position()
    longest = int(lengths.max()) if len(lengths) else 0
    valid = torch.arange(longest, device=sample.device) < lengths.unsqueeze(1)
    slot = sample * longest + place
    if level == 0:
        where, of = voxels.where, voxels.of
    else:
        where = low + (indices[:, 1:] + 0.5) * (voxel_size_m * 2**level)
        parent = torch.searchsorted(ranks, _key(voxels.sample, voxels.cell >> level, span))
        of = _through(voxels, place[parent])
    x, where = to_rectangle(features, slot, valid), to_rectangle(where, slot, valid)
    return Tokens(x, valid=valid, where=where, frame="lidar_m", of=of)


def _key(sample: Tensor, cell: Tensor, span: int) -> Tensor:
    return ((sample * span + cell[:, 0]) * span + cell[:, 1]) * span + cell[:, 2]


def _through(voxels: Voxels, parent: Tensor) -> Tensor:
    """[B, E]: the parent [T] of the voxel that each point fell into, -1 where it fell into none."""
    start = (voxels.lengths.cumsum(0) - voxels.lengths).unsqueeze(1)
    inside = voxels.of >= 0
    return torch.where(inside, parent[(start + voxels.of) * inside], -1)
