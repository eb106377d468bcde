"""A frame in KITTI's layout, small enough to be read by eye."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

CALIBRATION = """\
P0: 20 0 30 0 0 20 10 0 0 0 1 0
P1: 20 0 30 -8 0 20 10 0 0 0 1 0
P2: 20 0 30 4 0 20 10 0 0 0 1 0
P3: 20 0 30 -6 0 20 10 0 0 0 1 0
R0_rect: 1 0 0 0 1 0 0 0 1
Tr_velo_to_cam: 0 -1 0 0 0 0 -1 0 1 0 0 0
Tr_imu_to_velo: 1 0 0 -0.8 0 1 0 0.3 0 0 1 -0.8

"""
LABELS = """\
Car 0.00 0 -1.57 20 5 40 20 2.0 2.0 4.0 0.0 1.0 10.0 -1.57
DontCare -1 -1 -10 50 0 59 19 -1 -1 -1 -1000 -1000 -1000 -10
"""
POINTS = np.array(
    [
        [10.0, 0, 0, 0.5],  # in the car
        [20.0, 0, 0, 0.1],  # behind the car, in the image
        [10.0, -12, 0, 0.1],  # in the region nobody labelled
        [-10.0, 0, 0, 0.1],  # behind the camera
        [10.0, 100, 0, 0.1],  # far to the left of the image
    ],
    dtype="<f4",
)


@pytest.fixture
def kitti(tmp_path: Path) -> Path:
    """The root of a folder with one training and one testing frame, "000007"."""
    for split in ("training", "testing"):
        for part in ("image_2", "velodyne", "calib", "label_2"):
            (tmp_path / split / part).mkdir(parents=True)
        folder = tmp_path / split
        Image.new("RGB", (60, 20), (10, 20, 30)).save(folder / "image_2" / "000007.png")
        (folder / "velodyne" / "000007.bin").write_bytes(POINTS.tobytes())
        (folder / "calib" / "000007.txt").write_text(CALIBRATION)
    (tmp_path / "training" / "label_2" / "000007.txt").write_text(LABELS)
    return tmp_path
