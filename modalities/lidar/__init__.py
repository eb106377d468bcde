"""LiDAR: clouds of points with x, y, z in metres."""

from xmodal.modalities.lidar.base import LidarAdapter
from xmodal.modalities.lidar.bev import BevPoints
from xmodal.modalities.lidar.pcd import read_pcd
from xmodal.modalities.lidar.ply import read_ply
from xmodal.modalities.lidar.point_encoder import PointEncoder
from xmodal.modalities.lidar.point_net import PointNet
from xmodal.modalities.lidar.points import read_points
from xmodal.modalities.lidar.range_image import RangeImage
from xmodal.modalities.lidar.sparse_unet import SparseUNet

__all__ = [
    "BevPoints",
    "LidarAdapter",
    "PointEncoder",
    "PointNet",
    "RangeImage",
    "SparseUNet",
    "read_pcd",
    "read_ply",
    "read_points",
]
