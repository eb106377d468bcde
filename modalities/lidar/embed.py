"""The first features of a voxel, from the points in it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.modalities.lidar.segments import segment_mean
from xmodal.modalities.lidar.voxels import Extent, Voxels


class VoxelEmbed(nn.Module):
    """The mean over a voxel's points of what a small perceptron says of each.

    A point is described by its columns (x, y, z scaled to [-1, 1] over the extent), its height in metres (a kerb is
    nothing on the scale of the extent), its offset from the voxel's centre and the logarithm of the number of points
    beside it.

    Args:
        features: columns a point has.
        width: D.
        extent_m: (low, high) along x, y, z.
    """

    def __init__(self, features: int, width: int, extent_m: Extent) -> None:
        super().__init__()
        self.extent_m = extent_m
        self.point = nn.Linear(features + 5, width)
        # After the mean, since a mean and a linear layer commute and there are fewer voxels than points.
        self.token = nn.Linear(width, width)

    def forward(self, values: Tensor, voxels: Voxels) -> Tensor:
        """values [E, features] of all points -> [T, D] float32."""
        values = values.index_select(0, voxels.kept).float()
        low, high = values.new_tensor(self.extent_m).unbind(1)
        xyz = (values[:, :3] - (low + high) / 2) / (high - low) * 2
        crowd = voxels.points.count.float().log1p().index_select(0, voxels.points.of).unsqueeze(1)
        points = torch.cat([xyz, values[:, 2:], voxels.offset, crowd], dim=1)  # [K, features + 5]
        out: Tensor = self.token(segment_mean(F.relu_(self.point(points)), voxels.points))
        return out.float()
