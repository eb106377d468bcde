"""KITTI object: frames with a camera image, a LiDAR cloud, their calibration and labelled boxes."""

from xmodal.benchmarks.kitti.boxes import pixel_classes, points_in_boxes
from xmodal.benchmarks.kitti.calib import Calibration, read_calibration
from xmodal.benchmarks.kitti.dataset import KittiObject
from xmodal.benchmarks.kitti.frame import read_frame
from xmodal.benchmarks.kitti.labels import CLASSES, Box, read_boxes

__all__ = [
    "CLASSES",
    "Box",
    "Calibration",
    "KittiObject",
    "pixel_classes",
    "points_in_boxes",
    "read_boxes",
    "read_calibration",
    "read_frame",
]
