"""SemanticKITTI: a class and an instance for every point of a KITTI scan (http://semantic-kitti.org)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from xmodal.data.sample import Rows
from xmodal.errors import DataError
from xmodal.modalities.lidar.files import read_bytes
from xmodal.modalities.lidar.points import read_points

CLASSES = (
    "car", "bicycle", "motorcycle", "truck", "other-vehicle", "person", "bicyclist", "motorcyclist", "road",
    "parking", "sidewalk", "other-ground", "building", "fence", "vegetation", "trunk", "terrain", "pole",
    "traffic-sign",
)  # fmt: skip
"""The classes 1 to 19 of the learning map; 0 is ignored."""

LEARNING_MAP = {
    0: 0, 1: 0, 10: 1, 11: 2, 13: 5, 15: 3, 16: 5, 18: 4, 20: 5, 30: 6, 31: 7, 32: 8, 40: 9, 44: 10, 48: 11, 49: 12,
    50: 13, 51: 14, 52: 0, 60: 9, 70: 15, 71: 16, 72: 17, 80: 18, 81: 19, 99: 0, 252: 1, 253: 7, 254: 6, 255: 8,
    256: 5, 257: 5, 258: 4, 259: 5,
}  # fmt: skip
"""From the 34 classes of the files to 20; moving and standing things (252 to 259) fall together."""

TRAIN_SEQUENCES = ("00", "01", "02", "03", "04", "05", "06", "07", "09", "10")
VALIDATION_SEQUENCES = ("08",)


def read_labels(path: Path | str, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Read a `.label` of `count` points: (class [P] as the file has it, instance [P], 0 for none).

    Raises:
        DataError: another number of labels than points, or a class that the data set does not know.
    """
    path = Path(path)
    data = read_bytes(path)
    if len(data) != 4 * count:
        expected = f"{4 * count} bytes, one uint32 for each of {count} points"
        raise DataError(path, expected=expected, found=f"{len(data)} bytes")
    both = np.frombuffer(data, dtype="<u4").astype(np.int64)
    classes, instances = both & 0xFFFF, both >> 16
    unknown = ~np.isin(classes, list(LEARNING_MAP))
    if unknown.any():
        first = int(unknown.argmax())
        found = f"{classes[first]} at point {first} ({int(unknown.sum())} such points)"
        raise DataError(f"{path}: class (low 16 bits)", expected=f"one of {len(LEARNING_MAP)} known ids", found=found)
    return classes, instances


def learning_ids(classes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Classes of the files [P] -> the 20 of the benchmark: 0 is ignored, 1 to 19 are `CLASSES`."""
    table = np.zeros(max(LEARNING_MAP) + 1, dtype=np.int64)
    table[list(LEARNING_MAP)] = list(LEARNING_MAP.values())
    out: NDArray[np.int64] = table[classes]
    return out


def read_scan(points: Path | str, labels: Path | str) -> tuple[Rows, Tensor, Tensor]:
    """A scan and its labels: (Rows([P, 4]), class [P] long, instance [P] long).

    Classes are indices into `CLASSES`, -1 where the benchmark ignores the point.
    """
    cloud = read_points(Path(points))
    classes, instances = read_labels(labels, len(cloud.values))
    return cloud, torch.from_numpy(learning_ids(classes) - 1), torch.from_numpy(instances)
