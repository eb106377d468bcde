"""Label files, whole and broken."""

from pathlib import Path

import pytest

from xmodal.benchmarks.kitti import CLASSES, read_boxes
from xmodal.errors import DataError

LABEL = Path("training/label_2/000007.txt")


def test_fields_come_back_in_their_order(kitti: Path) -> None:
    car, region = read_boxes(kitti / LABEL)
    assert (car.name, car.truncated, car.occluded, car.alpha) == ("Car", 0, 0, -1.57)
    assert car.bounds_px == (20, 5, 40, 20)
    assert car.size_m == (2, 2, 4)
    assert car.bottom_m == (0, 1, 10)
    assert car.rotation_y == -1.57
    assert CLASSES[car.index] == "Car"
    assert region.index == -1


def test_a_frame_without_objects_has_no_boxes(kitti: Path) -> None:
    (kitti / LABEL).write_text("")
    assert read_boxes(kitti / LABEL) == ()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("Car 0.00", "Bus 0.00", r"field type: expected one of Car, Van, .*, DontCare, found 'Bus'"),
        ("Car 0.00", "background 0.00", r"field type: expected one of Car"),
        (" -1.57\n", "\n", r"expected 15 fields \(type truncated .* rotation_y\), found 14"),
        (" -1.57\n", " -1.57 0.9\n", r"expected 15 fields .*, found 16"),
        ("2.0 2.0 4.0", "2.0 x 4.0", r"field width: expected a finite number, found 'x'"),
        ("2.0 2.0 4.0", "2.0 2.0 0.0", r"field length: expected metres > 0, found 0"),
        ("20 5 40 20", "40 5 20 20", r"fields left and right: expected the smaller number first, found 40 and 20"),
        ("0.00 0 ", "0.00 5 ", r"field occluded: expected 0, 1, 2 or 3, found 5"),
        ("0.00 0 ", "1.50 0 ", r"field truncated: expected 0 to 1, found 1.5"),
    ],
)
def test_broken_lines_are_named_with_file_and_line(kitti: Path, old: str, new: str, told: str) -> None:
    path = kitti / LABEL
    text = path.read_text()
    assert old in text
    path.write_text("Van 0 0 0 1 1 2 2 1 1 1 0 0 5 0\n" + text.replace(old, new, 1))
    with pytest.raises(DataError, match=r"000007\.txt, line 2[,:] ?" + told):
        read_boxes(path)
