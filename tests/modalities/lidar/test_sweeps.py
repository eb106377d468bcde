"""Earlier sweeps come to lie on what stands still, whatever way the car has gone."""

import json
import math

import pytest
import torch

from xmodal.data.sample import Rows, Sample, moment_of
from xmodal.data.transforms import Compose
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.lidar import PointNet
from xmodal.modalities.lidar.sweeps import MergeSweeps
from xmodal.modalities.lidar.transforms import DropPoints, RotateZ


def pose(x, y, degrees):
    angle = math.radians(degrees)
    out = torch.eye(4, dtype=torch.float64)
    out[:2, :2] = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    out[:2, 3] = torch.tensor([x, y])
    return out


POSES = {"lidar": pose(105, 3, 40), "lidar@-1": pose(100, 0, 30), "lidar@-2": pose(96, -2, 15)}


def seen(world, key):
    """What the car saw of points [P, 3] of the world, from where it stood."""
    inverse = torch.linalg.inv(POSES[key])
    xyz = world.double() @ inverse[:3, :3].T + inverse[:3, 3]
    return Rows(torch.cat([xyz.float(), torch.full((len(world), 1), 0.5)], 1))


def drive(world):
    entries = {key: seen(world, key) for key in POSES}
    n = len(world)
    links = {("lidar", "image"): Rows(torch.ones(n, 2))}
    labels = {"class": {"lidar": Rows(torch.arange(n)), "lidar@-1": Rows(torch.arange(n) + 10)}}
    return Sample("s", entries, links=links, labels=labels, poses=POSES)


def test_what_stands_still_lies_in_one_place_and_older_points_say_so():
    world = torch.tensor([[110.0, 20, 1], [90, -30, 0], [130, 5, 4]])
    merged, params = MergeSweeps(2)(drive(world))
    points = merged.entries["lidar"].values
    assert points.shape == (9, 5)
    assert torch.allclose(points[:3, :3], points[3:6, :3], atol=1e-4)
    assert torch.allclose(points[:3, :3], points[6:, :3], atol=1e-4)
    assert points[:, 4].tolist() == [0] * 3 + [-1] * 3 + [-2] * 3
    assert list(merged.entries) == ["lidar"]
    assert json.loads(json.dumps(params)) == {"merged": ["lidar@-1", "lidar@-2"]}


def test_links_and_labels_of_older_points_are_kept_or_unknown():
    merged, _ = MergeSweeps(2)(drive(torch.zeros(2, 3)))
    uv = merged.links["lidar", "image"].values
    assert uv[:2].tolist() == [[1, 1], [1, 1]]
    assert uv[2:].isnan().all()
    assert merged.labels["class"]["lidar"].values.tolist() == [0, 1, 10, 11, -1, -1]
    assert list(merged.labels["class"]) == ["lidar"]


def test_replay_gives_the_same_and_the_sample_stays_as_it_was():
    sample = drive(torch.randn(5, 3))
    before = sample.entries["lidar"].values.clone()
    steps = Compose([MergeSweeps(1), RotateZ(), DropPoints(0.5)])
    once, params = steps(sample, generator=torch.Generator().manual_seed(1))
    again, _ = steps(sample, json.loads(json.dumps(params)))
    assert torch.equal(once.entries["lidar"].values, again.entries["lidar"].values)
    assert torch.equal(sample.entries["lidar"].values, before)


def test_a_sample_without_the_older_sweep_passes_with_its_own_points():
    sample = drive(torch.zeros(2, 3))
    alone = Sample("first", {"lidar": sample.entries["lidar"]})
    assert MergeSweeps(3)(alone)[0].entries["lidar"].values.shape == (2, 5)


def test_a_cloud_that_was_moved_has_no_pose_any_more():
    turned, _ = RotateZ()(drive(torch.zeros(2, 3)))
    with pytest.raises(DataError, match="pose of entry 'lidar' in sample 's': expected a \\[4, 4\\] matrix, before"):
        MergeSweeps(1)(turned)


def test_sweeps_with_other_columns_are_refused():
    sample = drive(torch.zeros(2, 3))
    entries = {**sample.entries, "lidar@-1": Rows(torch.zeros(2, 3))}
    with pytest.raises(DataError, match="expected the same columns, found 4, 3"):
        MergeSweeps(1)(Sample("s", entries, poses=POSES))
    with pytest.raises(ConfigError, match="sweeps >= 1"):
        MergeSweeps(0)


def test_keys_say_when():
    assert (moment_of("lidar"), moment_of("image/front@-3")) == (0, -3)
    with pytest.raises(DataError, match="a whole number after the @"):
        moment_of("lidar@before")


def test_a_survey_is_no_sweep(tmp_path):
    (tmp_path / "forest.laz").write_bytes(b"LASF")
    with pytest.raises(DataError, match="read_las keeps its map coordinates"):
        PointNet.read(tmp_path / "forest.laz")


def test_a_network_reads_merged_sweeps():
    from xmodal.adapter import Need
    from xmodal.data.batch import collate

    batch = collate([MergeSweeps(2)(drive(torch.randn(20, 3) * 5 + 100))[0]])
    assert PointNet(features=5, widths=(8, 16), width=16)(batch, Need(pooled=True)).pooled.isfinite().all()
