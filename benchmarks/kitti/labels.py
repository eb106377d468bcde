"""The labels of one KITTI object frame: a line a box, 15 fields."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xmodal.benchmarks.kitti.text import parse_number, read_lines
from xmodal.errors import DataError

CLASSES = ("background", "Car", "Van", "Truck", "Pedestrian", "Person_sitting", "Cyclist", "Tram", "Misc")
"""Class names by class index."""

DONT_CARE = "DontCare"
IGNORE = -1

_FIELDS = (
    "type", "truncated", "occluded", "alpha", "left", "top", "right", "bottom",
    "height", "width", "length", "x", "y", "z", "rotation_y",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Box:
    """One object. Its 3-D values mean nothing where `name` is "DontCare", a region nobody labelled.

    Attributes:
        name: the class as written in the file.
        truncated: share of the object that lies outside the image, 0 to 1.
        occluded: 0 visible, 1 partly, 2 largely, 3 unknown.
        alpha: observation angle, radians.
        bounds_px: (left, top, right, bottom) in the image.
        size_m: (height, width, length).
        bottom_m: (x, y, z) of the centre of the lower face, in the rectified frame of camera 0.
        rotation_y: rotation about the camera's y axis, radians; 0 when the length lies along x.
    """

    name: str
    truncated: float
    occluded: int
    alpha: float
    bounds_px: tuple[float, float, float, float]
    size_m: tuple[float, float, float]
    bottom_m: tuple[float, float, float]
    rotation_y: float

    @property
    def index(self) -> int:
        """The place of the class in CLASSES; -1 for "DontCare"."""
        return IGNORE if self.name == DONT_CARE else CLASSES.index(self.name)


def read_boxes(path: Path) -> tuple[Box, ...]:
    """Read `label_2/<frame>.txt`; a frame without objects has no lines.

    Raises:
        DataError: a line has another number of fields, an unknown class, or a value outside its range.
    """
    lines = read_lines(path, "a line of 15 fields for each box")
    return tuple(_box(line.split(), f"{path}, line {number}") for number, line in enumerate(lines, 1) if line.strip())


def _box(words: list[str], where: str) -> Box:
    if len(words) != len(_FIELDS):
        raise DataError(where, expected=f"{len(_FIELDS)} fields ({' '.join(_FIELDS)})", found=f"{len(words)}")
    name = words[0]
    if name not in (*CLASSES[1:], DONT_CARE):
        known = ", ".join((*CLASSES[1:], DONT_CARE))
        raise DataError(f"{where}, field type", expected=f"one of {known}", found=f"{name!r:.40}")
    values = {
        field: parse_number(word, f"{where}, field {field}") for field, word in zip(_FIELDS[1:], words[1:], strict=True)
    }
    _check(values, name, where)
    return Box(
        name=name,
        truncated=values["truncated"],
        occluded=int(values["occluded"]),
        alpha=values["alpha"],
        bounds_px=(values["left"], values["top"], values["right"], values["bottom"]),
        size_m=(values["height"], values["width"], values["length"]),
        bottom_m=(values["x"], values["y"], values["z"]),
        rotation_y=values["rotation_y"],
    )


def _check(values: dict[str, float], name: str, where: str) -> None:
    for low, high in (("left", "right"), ("top", "bottom")):
        if values[low] > values[high]:
            found = f"{values[low]:g} and {values[high]:g}"
            raise DataError(f"{where}, fields {low} and {high}", expected="the smaller number first", found=found)
    if name == DONT_CARE:
        return
    for field in ("height", "width", "length"):
        if values[field] <= 0:
            raise DataError(f"{where}, field {field}", expected="metres > 0", found=f"{values[field]:g}")
    if values["occluded"] not in (0, 1, 2, 3):
        raise DataError(f"{where}, field occluded", expected="0, 1, 2 or 3", found=f"{values['occluded']:g}")
    if not 0 <= values["truncated"] <= 1:
        raise DataError(f"{where}, field truncated", expected="0 to 1", found=f"{values['truncated']:g}")
