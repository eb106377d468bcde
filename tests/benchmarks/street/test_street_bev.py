"""`street_bev`: labels that agree with the points, boxes and a slow raster; parts that share nothing; mirrors."""

import math

import numpy as np
import pytest
import torch

from xmodal.benchmarks.street import StreetBEV
from xmodal.benchmarks.street.bev import GRID, SPEC, UNSEEN_IMAGE_PX
from xmodal.benchmarks.street.bev_map import NONE, PERSON, VEHICLE, BevGrid, label_map, reaches
from xmodal.benchmarks.street.bev_transforms import MirrorStreet
from xmodal.benchmarks.street.objects import Objects
from xmodal.benchmarks.street.radar_spec import RADAR_FORWARD_M
from xmodal.benchmarks.street.scene import Scene, make_scene
from xmodal.benchmarks.street.spec import CAR, PEDESTRIAN, TRUCK, StreetSpec
from xmodal.data.sample import Sample
from xmodal.errors import ConfigError

SIZES = {"scenes": 8, "labelled": 4, "val": 2, "test": 3, "workers": 1}
KIND = {CAR: VEHICLE, TRUCK: VEHICLE, PEDESTRIAN: PERSON}


@pytest.fixture(scope="module")
def benchmark() -> StreetBEV:
    return StreetBEV(**SIZES)


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    spec = StreetSpec(image_px=UNSEEN_IMAGE_PX, fov_deg=SPEC.fov_deg, noise_m=0.0)
    return [make_scene(4, i, spec, ("radar",)) for i in range(6)]


def cell_of(xy: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    row, column = np.floor(xy[:, 0] / 1.5).astype(int), np.floor((xy[:, 1] + 18) / 1.5).astype(int)
    return row, column, (row >= 0) & (row < 32) & (column >= 0) & (column < 24)


def test_every_return_of_a_vehicle_or_person_lies_in_a_cell_that_holds_one(scenes: list[Scene]) -> None:
    checked = 0
    for scene in scenes:
        cells = label_map(GRID, scene.objects)
        row, column, inside = cell_of(scene.points)
        for label, kind in KIND.items():
            at = inside & (scene.point_class == label)
            found = cells[row[at], column[at]]
            # A person hides a vehicle in a shared cell; cells out of view have no label.
            assert np.isin(found, (kind, PERSON, -1)).all()
            assert (found == kind).mean() > 0.8 if at.sum() > 20 else True
            checked += int(at.sum())
    assert checked > 500


def test_cells_with_returns_of_other_things_only_are_mostly_empty(scenes: list[Scene]) -> None:
    held = total = 0
    for scene in scenes:
        cells = label_map(GRID, scene.objects)
        row, column, inside = cell_of(scene.points)
        mover = np.isin(scene.point_class, list(KIND))
        ours, others = (set(zip(row[m], column[m], strict=True)) for m in (inside & mover, inside & ~mover))
        for cell in others - ours:
            held += cells[cell] > NONE
            total += cells[cell] >= NONE
    assert held / total < 0.2


def test_boxes_hold_the_returns_of_their_objects_and_no_more(scenes: list[Scene]) -> None:
    for scene in scenes:
        found = scene.objects
        points = scene.points[np.isin(scene.point_class, list(KIND)), :2]
        offset = points[:, None] - found.centre_m[None]  # [P, M, 2]
        cos, sin = np.cos(found.yaw), np.sin(found.yaw)
        along, across = offset[..., 0] * cos + offset[..., 1] * sin, offset[..., 1] * cos - offset[..., 0] * sin
        inside = (np.abs(along) <= found.size_m[:, 0] / 2 + 0.01) & (np.abs(across) <= found.size_m[:, 1] / 2 + 0.01)
        assert inside.any(1).all()
        assert (found.returns[inside.any(0)] > 0).all()
        assert 3 < found.size_m[found.label == CAR, 0].mean() < 6
        assert found.size_m[found.label == PEDESTRIAN].max() < 1.6


def test_moving_boxes_move_along_their_length(scenes: list[Scene]) -> None:
    speed = np.concatenate([s.objects.speed_mps for s in scenes])
    label = np.concatenate([s.objects.label for s in scenes])
    assert speed.min() >= -1e-4
    assert 0.5 < speed[(label == PEDESTRIAN) & (speed > 0)].mean() < 2
    assert speed.max() > 4


def test_what_reaches_into_a_cell_equals_a_fine_raster() -> None:
    rng = np.random.default_rng(0)
    boxes = rng.uniform((0, 0, 0.3, 0.3, -4), (8, 8, 4, 3, 4), (20, 5)).astype(np.float32)
    fine = (np.arange(8 * 60) + 0.5) / 60
    x, y = np.meshgrid(fine, fine)
    for box, found in zip(boxes, reaches(boxes, (8, 8)), strict=True):
        dx, dy = x - box[0], y - box[1]
        cos, sin = np.cos(box[4]), np.sin(box[4])
        inside = (np.abs(dx * cos + dy * sin) <= box[2] / 2) & (np.abs(dy * cos - dx * sin) <= box[3] / 2)
        expected = inside.reshape(8, 60, 8, 60).any((1, 3))
        assert (found & ~expected).sum() <= 1  # the raster misses a corner that is smaller than its step
        assert not (expected & ~found).any()


def made(label: int, returns: int, x: float = 20.0, y: float = 3.0, yaw: float = 0.0) -> Objects:
    place, size = np.array([[x, y]], np.float32), np.array([[3.0, 1.0]], np.float32)
    one = np.array([yaw], np.float32)
    return Objects(place, size, one, one * 0 + 2, np.array([label], np.int8), np.array([returns], np.int32))


def test_unseen_things_and_cells_out_of_view_have_no_label() -> None:
    assert (label_map(GRID, made(CAR, 5)) == VEHICLE).sum() > 1
    unseen = label_map(GRID, made(CAR, 0))
    assert (unseen == VEHICLE).sum() == 0
    assert (unseen == -1).sum() > (label_map(GRID, made(CAR, 5)) == -1).sum()
    x, y = GRID.where().numpy().T.reshape(2, *GRID.shape)
    np.testing.assert_array_equal(label_map(GRID, made(CAR, 5)) == -1, np.abs(y) > x)


def test_a_box_in_cells_covers_its_place_on_the_grid() -> None:
    box = BevGrid().boxes(made(PEDESTRIAN, 1, x=10.0, y=-4.0, yaw=0.3))[0]
    assert box.tolist() == pytest.approx([14 / 1.5, 10 / 1.5, 2, 1 / 1.5, math.pi / 2 - 0.3, PERSON, 2], rel=1e-5)
    heading = np.cos(box[4]), np.sin(box[4])  # along columns (y) and rows (x)
    assert heading == pytest.approx((math.sin(0.3), math.cos(0.3)), abs=1e-5)


def test_entries_and_labels_of_a_sample(benchmark: StreetBEV) -> None:
    sample = benchmark.splits(0)[0].train[0]
    assert set(sample.entries) == {"lidar", "radar"}
    assert not sample.links
    labels = sample.labels["bev"]
    assert set(labels) == {"lidar", "radar", "bev", "boxes"}
    assert labels["radar"].shape == labels["lidar"].shape == benchmark.grids["bev"].shape == (32, 24)
    assert torch.equal(labels["radar"], labels["bev"])
    centre = labels["boxes"].values[:, :2]
    assert len(centre)
    assert (centre >= 0).all()
    assert (centre < torch.tensor([24, 32])).all()
    for column, row, kind in labels["boxes"].values[:, [0, 1, 5]].tolist():
        assert int(labels["bev"][int(row), int(column)]) in (-1, int(kind), PERSON)


def test_the_radar_shows_the_same_street(benchmark: StreetBEV) -> None:
    """A radar point of a strongly moving thing lies near a cell that holds something that moves."""
    near = []
    for sample in benchmark.splits(0)[0].train:
        points = sample.entries["radar"].values
        moving = points[points[:, 5].abs() > 2, :2].numpy() + np.array([RADAR_FORWARD_M, 0])
        held = GRID.where()[sample.labels["bev"]["bev"].flatten() > NONE]
        inside = cell_of(moving)[2]
        for x, y in moving[inside & (np.abs(moving[:, 1]) < moving[:, 0])]:
            near.append(float((held - torch.tensor([x, y])).norm(dim=1).min()))
    assert len(near) > 10
    assert np.median(near) < 1.5


def test_parts_share_nothing_and_the_seed_only_draws_labels(benchmark: StreetBEV) -> None:
    (split,), (other,) = benchmark.splits(0), benchmark.splits(1)
    keys = [{s.key for s in part} for part in (split.train, split.val, split.test)]
    assert [len(k) for k in keys] == [8, 2, 3]
    assert len(keys[0] | keys[1] | keys[2]) == 13
    seen = [s.entries["lidar"].values[:50] for part in (split.train, split.val, split.test) for s in part]
    assert all(not torch.equal(a, b) for i, a in enumerate(seen) for b in seen[i + 1 :])
    assert list(split.labelled) != list(other.labelled)
    assert [s.key for s in other.train] == [s.key for s in split.train]


def test_the_same_arguments_give_the_same_and_the_camera_changes_nothing(benchmark: StreetBEV) -> None:
    again, seen = StreetBEV(**SIZES).sample(3), StreetBEV(**SIZES, sensors=("lidar", "radar", "image")).sample(3)
    first = benchmark.splits(0)[0].train[3]
    assert seen.entries["image"].shape == (3, 64, 192)
    assert set(seen.links) == {("lidar", "image"), ("radar", "image")}
    for sample in (again, seen):
        for key in ("lidar", "radar"):
            assert torch.equal(sample.entries[key].values, first.entries[key].values)
        assert torch.equal(sample.labels["bev"]["boxes"].values, first.labels["bev"]["boxes"].values)
    assert not torch.equal(StreetBEV(**SIZES, seed=1).sample(3).labels["bev"]["bev"], first.labels["bev"]["bev"])


def test_several_amounts_of_labels_are_several_tables() -> None:
    few, every = StreetBEV(**{**SIZES, "labelled": (2, 1.0)}).splits(0)
    assert (few.group, every.group) == ("2 labels", "100 % of the labels")
    assert set(few.labelled) < set(every.labelled) == set(range(8))


def test_a_mirrored_street_is_a_street_with_mirrored_labels(benchmark: StreetBEV) -> None:
    sample: Sample = benchmark.splits(0)[0].train[0]
    turned = MirrorStreet(1.0).flipped(sample)
    before, after = sample.labels["bev"], turned.labels["bev"]
    for key in ("radar", "lidar", "bev"):
        assert torch.equal(after[key], before[key].flip(1))
    sign = torch.ones(9)
    sign[[1, 7]] = -1
    assert torch.equal(turned.entries["radar"].values, sample.entries["radar"].values * sign)
    inside = reaches(before["boxes"].values.numpy(), (32, 24))
    np.testing.assert_array_equal(reaches(after["boxes"].values.numpy(), (32, 24)), inside[:, :, ::-1])
    back = MirrorStreet(1.0).flipped(turned)
    torch.testing.assert_close(back.labels["bev"]["boxes"].values, before["boxes"].values)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sensors": ("image",)}, "'lidar' or 'radar'"),
        ({"sensors": ("sonar",)}, "sonar"),
        ({"labelled": 9}, "labelled = 9"),
        ({"test": 0}, "test >= 1"),
    ],
)
def test_mistakes_are_named(change: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        StreetBEV(**{**SIZES, **change})
