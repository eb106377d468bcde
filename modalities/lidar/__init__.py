"""LiDAR: clouds of points with x, y, z in metres."""

from xmodal.modalities.lidar.base import LidarAdapter
from xmodal.modalities.lidar.point_encoder import PointEncoder
from xmodal.modalities.lidar.point_net import PointNet
from xmodal.modalities.lidar.sparse_unet import SparseUNet

__all__ = ["LidarAdapter", "PointEncoder", "PointNet", "SparseUNet"]
