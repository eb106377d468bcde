"""Which points lie inside the 3-D boxes, and which pixels or patches inside the 2-D ones."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from xmodal.benchmarks.kitti.labels import DONT_CARE, IGNORE, Box


def points_in_boxes(xyz_camera_m: Tensor, boxes: Sequence[Box]) -> Tensor:
    """The box that each point lies in.

    Args:
        xyz_camera_m: [P, 3] in the rectified frame of camera 0 (x right, y down, z forward).
        boxes: those named "DontCare" have no extent in 3-D and hold nothing.

    Returns:
        [P] long: a number in `boxes`, -1 for none; where boxes overlap, the later one.
    """
    owner = torch.full((len(xyz_camera_m),), -1)
    for number, box in enumerate(boxes):
        if box.name != DONT_CARE:
            owner[inside_box(xyz_camera_m, box)] = number
    return owner


def inside_box(xyz_camera_m: Tensor, box: Box) -> Tensor:
    """[P] bool: which points [P, 3] lie in the box; its faces belong to it."""
    height, width, length = box.size_m
    x, y, z = (xyz_camera_m.double() - torch.tensor(box.bottom_m, dtype=torch.float64)).unbind(1)
    cos, sin = math.cos(box.rotation_y), math.sin(box.rotation_y)
    # A rotation about y (down) takes the box's long axis from x towards -z; here it is undone.
    along, across = cos * x - sin * z, sin * x + cos * z
    return (along.abs() <= length / 2) & (across.abs() <= width / 2) & (y <= 0) & (y >= -height)


def pixel_classes(boxes: Sequence[Box], size: tuple[int, int], stride: int = 1) -> Tensor:
    """The class of each pixel, or of each patch of `stride` x `stride` pixels, by the 2-D box that holds its centre.

    Args:
        size: (H, W) of the image.

    Returns:
        [H // stride, W // stride] long: a class index, 0 outside all boxes, -1 in a "DontCare" region; of boxes that
        overlap the nearer one counts, and any labelled box before "DontCare".
    """
    rows, columns = ((torch.arange(n // stride) + 0.5) * stride for n in size)
    classes = torch.zeros(len(rows), len(columns), dtype=torch.long)
    far_first = sorted(boxes, key=lambda box: (box.name != DONT_CARE, -box.bottom_m[2]))
    for box in far_first:
        left, top, right, bottom = box.bounds_px
        in_rows = (rows >= top) & (rows <= bottom)
        in_columns = (columns >= left) & (columns <= right)
        classes[in_rows.unsqueeze(1) & in_columns] = box.index
    return classes


def point_classes(xyz_camera_m: Tensor, uv_px: Tensor, boxes: Sequence[Box], size: tuple[int, int]) -> Tensor:
    """The class of each point by the 3-D box that holds it.

    Args:
        xyz_camera_m: [P, 3].
        uv_px: [P, 2], NaN outside the image.
        size: (H, W) of the image.

    Returns:
        [P] long: a class index; 0 for points in the image but in no box; -1 where the labels say nothing, which is
        outside the image (only objects that the camera sees are labelled) and in "DontCare" regions.
    """
    owner = points_in_boxes(xyz_camera_m, boxes)
    index = torch.tensor([box.index for box in boxes] + [0])
    classes = index[owner]  # owner -1 takes the last item, the background
    seen = ~uv_px.isnan().any(1)
    ignored = pixel_classes([box for box in boxes if box.name == DONT_CARE], size) == IGNORE
    column, row = uv_px.nan_to_num(0).long().unbind(1)
    return torch.where(seen & ~((owner < 0) & ignored[row, column]), classes, IGNORE)
