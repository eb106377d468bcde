"""Radar points grouped into pillars: columns of any height, since a radar measures height poorly or not at all."""

from __future__ import annotations

from dataclasses import replace

import torch

from xmodal.data.batch import Ragged
from xmodal.modalities.lidar.segments import segment_mean
from xmodal.modalities.lidar.voxels import Extent, Voxels, voxelise

_FLAT = (-1.0, 1.0)


def make_pillars(cloud: Ragged, *, size_m: float, extent_m: Extent) -> Voxels:
    """Group the points (values [sum, >= 3]: x, y, z first) of each sample into squares seen from above.

    Args:
        size_m: edge of a square; 0 makes each point a pillar of its own.
        extent_m: points outside are dropped.
    """
    xyz = cloud.values[:, :3].float()
    low, high = extent_m[2]
    inside = (xyz[:, 2] >= low) & (xyz[:, 2] < high)
    flat = torch.cat([xyz[:, :2], torch.where(inside, 0.0, torch.nan).unsqueeze(1)], dim=1)
    pillars = voxelise(Ragged(flat, cloud.lengths), voxel_size_m=size_m, extent_m=(extent_m[0], extent_m[1], _FLAT))
    return replace(pillars, where=segment_mean(xyz[pillars.kept], pillars.points))
