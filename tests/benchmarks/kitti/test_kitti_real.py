"""The three real frames: projection, boxes and labels must agree with each other."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from xmodal.benchmarks.kitti import CLASSES, KittiObject, points_in_boxes, read_calibration
from xmodal.data.sample import Rows, Sample


@pytest.fixture(scope="module")
def root(data_root: Path) -> Path:
    return data_root / "kitti-3frames"


@pytest.fixture(scope="module")
def samples(root: Path) -> list[Sample]:
    frames = KittiObject(root)
    return [frames.sample(i) for i in range(len(frames))]


def number_lists(path: Path) -> dict[str, list[float]]:
    lines = (line.split() for line in path.read_text().splitlines() if line)
    return {words[0].rstrip(":"): [float(w) for w in words[1:]] for words in lines}


def projected(path: Path, xyz: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """P2 * R0 * Tr * X with plain 4x4 matrices, on numbers parsed here."""
    numbers = number_lists(path)
    p, r, t = np.eye(4), np.eye(4), np.eye(4)
    p[:3], t[:3] = np.reshape(numbers["P2"], (3, 4)), np.reshape(numbers["Tr_velo_to_cam"], (3, 4))
    r[:3, :3] = np.reshape(numbers["R0_rect"], (3, 3))
    out = p @ (r @ (t @ np.vstack((xyz.T, np.ones(len(xyz))))))
    return (out[:2] / out[2]).T, out[2]


def points_of(sample: Sample) -> Tensor:
    entry = sample.entries["lidar"]
    assert isinstance(entry, Rows)
    return entry.values


def in_camera(root: Path, sample: Sample) -> Tensor:
    matrix = read_calibration(root / "training" / "calib" / f"{sample.key[-6:]}.txt").lidar_to_rectified()
    return points_of(sample)[:, :3].double() @ matrix[:, :3].T + matrix[:, 3]


def inside_px(sample: Sample, bounds: tuple[float, float, float, float]) -> Tensor:
    u, v = sample.links[("lidar", "image")].values.unbind(1)
    return (u >= bounds[0]) & (u <= bounds[2]) & (v >= bounds[1]) & (v <= bounds[3])


def test_projection_equals_an_independent_formula(root: Path, samples: list[Sample]) -> None:
    for sample in samples:
        raw = np.fromfile(root / "training" / "velodyne" / f"{sample.key[-6:]}.bin", "<f4").reshape(-1, 4)
        uv, depth = projected(root / "training" / "calib" / f"{sample.key[-6:]}.txt", raw[:, :3].astype(np.float64))
        link = sample.links[("lidar", "image")].values.double().numpy()
        height, width = sample.entries["image"].shape[1:]  # type: ignore[union-attr]
        seen = (depth > 0) & (uv >= 0).all(1) & (uv[:, 0] < width) & (uv[:, 1] < height)
        assert np.array_equal(seen, ~np.isnan(link).any(1))
        assert seen.sum() > 15000
        assert np.abs(uv[seen] - link[seen]).max() < 1e-3


@pytest.mark.parametrize(
    ("frame", "name", "median_m", "label_m"),
    [(1, "Cyclist", 45.8, 45.84), (2, "Car", 33.7, 34.38), (1, "Car", 56.8, 58.49)],
)
def test_depth_inside_the_box_agrees_with_the_label(
    root: Path, samples: list[Sample], frame: int, name: str, median_m: float, label_m: float
) -> None:
    """The medians are those that the data's description states."""
    box = next(b for b in samples[frame].meta["boxes"] if b.name == name)
    depth = in_camera(root, samples[frame])[inside_px(samples[frame], box.bounds_px), 2]
    assert box.bottom_m[2] == label_m
    assert float(depth.median()) == pytest.approx(median_m, abs=0.05)


def test_points_inside_a_3d_box_project_into_its_2d_box(root: Path, samples: list[Sample]) -> None:
    for sample in samples:
        boxes = sample.meta["boxes"]
        owner = points_in_boxes(in_camera(root, sample), boxes)
        for number, box in enumerate(boxes):
            if box.name != "DontCare":
                inside = owner == number
                assert inside.sum() >= 9
                assert inside_px(sample, box.bounds_px)[inside].float().mean() > 0.99


def test_classes_of_points_and_pixels_are_those_of_the_label_file(samples: list[Sample]) -> None:
    expected = ["Pedestrian"], ["Car", "Truck", "Cyclist"], ["Car", "Misc"]
    for sample, names in zip(samples, expected, strict=True):
        objects = sample.labels["objects"]
        for dense in (objects["lidar"].values, objects["image"]):  # type: ignore[index,call-overload,union-attr]
            assert [CLASSES[c] for c in dense.unique().tolist() if c > 0] == names
    counts = torch.bincount(samples[2].labels["objects"]["lidar"].values + 1)  # type: ignore[index,call-overload,union-attr]
    assert counts[1 + CLASSES.index("Misc")] == 1351
