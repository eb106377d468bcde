"""Samples read at random: the batches of a resumed run, other processes, temporary files."""

import pickle
import tempfile

import numpy as np
import pytest
import torch
from tar_making import FILES, TRAIN, pack, refused, same_batches, same_samples, shards

from xmodal.engine.loader import Steps, stream
from xmodal.engine.schedule import Schedule
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.image.transforms import HorizontalFlip
from xmodal.modalities.lidar.sweeps import MergeSweeps


def steps(benchmark, workers=0):
    (split,) = benchmark.splits(0)
    schedule = Schedule(steps=6, labelled=3, paired=4, workers=workers)
    return Steps(split.train, split.labelled, range(len(split.train)), schedule, [HorizontalFlip()], seed=1)


def test_a_resumed_run_sees_the_batches_of_an_uninterrupted_one(root):
    batches = list(stream(steps(shards(root)), 0))
    again = list(stream(steps(shards(root, pack(root / "all.tar", TRAIN[::-1]).name), workers=2), 3))
    assert len(again) == 3
    for one, two in zip(batches[3:], again, strict=True):
        same_batches(one, two)
    assert batches[3].keys != batches[4].keys


def test_samples_can_be_sent_to_a_fresh_process(root):
    train = shards(root).parts["train"]
    same_samples([pickle.loads(pickle.dumps(train))[3]], [train[3]])


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_temporary_files_are_gone_after_reading_and_after_a_fault(root, scratch):
    seen = []
    pack(root / "a.tar", TRAIN[:4], files=FILES | {TRAIN[1]: FILES[TRAIN[1]] | {"bin": b"\0" * 17}})
    train = shards(root, "a.tar").parts["train"]
    train.form.readers["image"] = lambda path: seen.append(path) or torch.zeros(3, 2, 2)
    train[0]
    assert seen[0].is_relative_to(scratch)
    assert seen[0].name == "member.png"
    with pytest.raises(DataError, match=r"a\.tar: member 'scene/s01\.bin': expected .*found 17 bytes"):
        train[1]
    assert not list(scratch.iterdir())


def test_a_tar_that_changes_or_goes_away_is_named(root):
    train = shards(root).parts["train"]
    (root / "train-0.tar").write_bytes((root / "train-0.tar").read_bytes()[:800])
    with pytest.raises(
        DataError, match=r"train-0\.tar: member 'scene/s00\.png': expected \d+ bytes, found \d+: the tar changed"
    ):
        train[0]
    (root / "train-0.tar").unlink()
    with pytest.raises(DataError, match=r"member 'scene/s00\.png': expected its tar, found no such file"):
        train[0]


def drive(prefix=""):
    """By key, by suffix: two sweeps of one street, 5 m apart, and where the car stood."""
    cloud = np.array([[10, 0, 0, 1], [12, 1, 0, 1]], dtype="<f4")
    files = {
        f"{prefix}bin": cloud.tobytes(),
        f"{prefix}before.bin": (cloud + np.array([5, 0, 0, 0], dtype="<f4")).tobytes(),
        "pose.txt": b"1 0 0 5 0 1 0 0 0 0 1 0",
        "before.pose.txt": b"1 0 0 0 0 1 0 0 0 0 1 0",
    }
    return {key: {**files, "cls": label} for key, label in {"a": b"x", "b": b"y", "t": b"x"}.items()}


SWEEPS = {"lidar": "bin", "lidar@-1": "before.bin"}
POSES = {"lidar": "pose.txt", "lidar@-1": "before.pose.txt"}


def one_cloud(benchmark):
    (split,) = benchmark.splits(0)
    points = split.train[0].entries["lidar"].values
    assert points[:, 4].tolist() == [0, 0, -1, -1]
    assert torch.equal(points[:2, :3], points[2:, :3])


def test_earlier_sweeps_and_poses_in_a_tar_give_one_cloud(tmp_path):
    files = drive()
    pack(tmp_path / "train.tar", "ab", files=files)
    pack(tmp_path / "test.tar", "t", files=files)
    one_cloud(shards(tmp_path, "train.tar", entries=SWEEPS, poses=POSES, transforms=[MergeSweeps(1)]))


def test_poses_lie_in_tars_of_their_own_where_modalities_do(tmp_path):
    files = drive()
    owner = {"lidar": "clouds", "lidar@-1": "clouds", "label": "clouds", "pose:lidar": "car", "pose:lidar@-1": "car"}
    given = {}
    for part, keys in {"train": "ab", "test": "t"}.items():
        pack(tmp_path / f"clouds-{part}.tar", keys, "bin", "before.bin", "cls", files=files)
        pack(tmp_path / f"car-{part}.tar", keys, "pose.txt", "before.pose.txt", files=files)
        given[part] = {name: f"{tar}-{part}.tar" for name, tar in owner.items()}
    one_cloud(shards(tmp_path, **given, entries=SWEEPS, poses=POSES, transforms=[MergeSweeps(1)]))


def test_a_pose_at_fault_is_named_with_its_tar(tmp_path):
    files = drive()
    files["a"]["pose.txt"] = b"1 2 3"
    pack(tmp_path / "train.tar", "ab", files=files)
    pack(tmp_path / "test.tar", "t", files=files)
    (split,) = shards(tmp_path, "train.tar", entries=SWEEPS, poses=POSES).splits(0)
    with pytest.raises(DataError, match=r"train.tar: member 'a.pose.txt': expected 12 or 16 numbers, found 3"):
        split.train[0]
    refused("poses: expected entries among lidar, found 'radar'", tmp_path, error=ConfigError, entries={"lidar": "bin"},
            poses={"radar": "pose.txt"})  # fmt: skip
    del files["b"]["pose.txt"]
    pack(tmp_path / "train.tar", "ab", files=files)
    refused("'b'.*pose", tmp_path, "train.tar", entries=SWEEPS, poses=POSES)
