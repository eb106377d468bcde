"""Which points and pixels lie in a box."""

import math
from dataclasses import replace

import pytest
import torch

from xmodal.benchmarks.kitti import Box, pixel_classes, points_in_boxes
from xmodal.benchmarks.kitti.boxes import point_classes

CAR = Box("Car", 0, 0, 0, (4, 2, 12, 6), (1.5, 2.0, 4.0), (1.0, 1.5, 10.0), 0.0)
VAN = replace(CAR, name="Van", bounds_px=(8, 2, 16, 6), bottom_m=(1.0, 1.5, 30.0))
REGION = replace(CAR, name="DontCare", bounds_px=(0, 0, 20, 10), size_m=(-1, -1, -1), bottom_m=(-1000, -1000, -1000))


def holds(box: Box, *xyz: float) -> bool:
    return points_in_boxes(torch.tensor([xyz]), [box]).item() == 0


@pytest.mark.parametrize("rotation_y", [0.0, math.pi / 2, 0.7, -2.0])
def test_corners_decide_what_is_inside(rotation_y: float) -> None:
    """Corners from the definition: x = +-l/2 and z = +-w/2, turned by [[c, 0, s], [0, 1, 0], [-s, 0, c]]."""
    box = replace(CAR, rotation_y=rotation_y)
    height, width, length = box.size_m
    c, s = math.cos(rotation_y), math.sin(rotation_y)
    for share, inside in ((0.99, True), (1.01, False)):
        for i in (-1, 1):
            for k in (-1, 1):
                x, z = share * i * length / 2, share * k * width / 2
                corner = (1.0 + c * x + s * z, 1.5 - height / 2, 10.0 - s * x + c * z)
                assert holds(box, *corner) is inside


def test_the_location_is_the_middle_of_the_bottom() -> None:
    assert holds(CAR, 1.0, 1.49, 10.0)
    assert not holds(CAR, 1.0, 1.51, 10.0)  # y points down: below the floor
    assert holds(CAR, 1.0, 0.01, 10.0)
    assert not holds(CAR, 1.0, -0.01, 10.0)


def test_at_zero_rotation_the_length_lies_along_x() -> None:
    assert holds(CAR, 2.9, 1.0, 10.0)
    assert not holds(CAR, 1.0, 1.0, 11.9)


def test_a_region_nobody_labelled_holds_no_points() -> None:
    assert points_in_boxes(torch.tensor([[-1000.0, -1000, -1000], [1.0, 1, 10]]), [REGION, CAR]).tolist() == [-1, 1]


def test_the_nearer_box_covers_the_farther_and_any_box_covers_a_region() -> None:
    for boxes in ((CAR, VAN, REGION), (REGION, VAN, CAR)):
        classes = pixel_classes(boxes, (12, 24))
        assert classes[3, 3:17].tolist() == [-1] + [1] * 8 + [2] * 4 + [-1]
        assert classes[3, 22] == 0
        assert classes[11, 0] == 0


def test_patches_take_the_box_over_their_centre() -> None:
    classes = pixel_classes((CAR,), (12, 25), stride=4)
    assert classes.shape == (3, 6)
    assert classes.tolist() == [[0, 1, 1, 0, 0, 0], [0, 1, 1, 0, 0, 0], [0] * 6]


def test_without_boxes_all_is_background() -> None:
    assert not pixel_classes((), (4, 4)).any()
    points = torch.zeros(3, 3)
    assert point_classes(points, torch.ones(3, 2), (), (4, 4)).tolist() == [0, 0, 0]


def test_points_the_labels_say_nothing_about_are_ignored() -> None:
    points = torch.tensor([[1.0, 1, 10], [1, 1, 10], [9, 1, 10], [9, 1, 10]])
    uv = torch.tensor([[5.0, 5], [torch.nan, torch.nan], [5, 5], [22, 11]])
    assert point_classes(points, uv, (CAR, REGION), (12, 24)).tolist() == [1, -1, -1, 0]
