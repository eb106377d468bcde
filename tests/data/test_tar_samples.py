"""Samples read at random: the batches of a resumed run, other processes, temporary files."""

import pickle
import tempfile

import pytest
import torch
from tar_making import FILES, TRAIN, pack, same_batches, same_samples, shards

from xmodal.engine.loader import Steps, stream
from xmodal.engine.schedule import Schedule
from xmodal.errors import DataError
from xmodal.modalities.image.transforms import HorizontalFlip


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
