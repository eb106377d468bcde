"""Samples that cannot be read: a stop by default, or told once, left out of every arm, and counted."""

import json
from dataclasses import replace

import pytest

from engine.toy_benchmark import Toy
from xmodal.data.benchmark import Split
from xmodal.engine.screening import Screening
from xmodal.errors import ConfigError, DataError


class Faulty(list):
    """Samples of which some cannot be read."""

    def __init__(self, samples, bad):
        super().__init__(samples)
        self.bad, self.reads = set(bad), 0

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        self.reads += 1
        if index in self.bad:
            raise DataError(f"file {index}.png", expected="an image", found="0 bytes")
        return super().__getitem__(index)


def faulty(bad=(1, 10), test_bad=(0,), labelled=range(8)):
    """The toy's split with faults, and other faults at later readings on request."""
    (whole,) = Toy().splits(0)
    return Split("fold0", Faulty(whole.train, bad), whole.val, Faulty(whole.test, test_bad), list(labelled))


@pytest.fixture
def bad_toy(monkeypatch):
    split = faulty()
    monkeypatch.setattr(Toy, "splits", lambda self, seed: [split])


def test_faults_are_told_once_and_labels_keep_their_samples(tmp_path):
    told = []
    screening = Screening(tmp_path / "left_out.json", told.append)
    split = faulty()
    keys = [s.key for i, s in enumerate(list.__iter__(split.train)) if i not in (1, 10)]
    kept = screening.split(split)
    assert [kept.train[i].key for i in range(len(kept.train))] == keys
    assert [kept.train[i].key for i in kept.labelled] == [f"toy{i}" for i in (0, 2, 3, 4, 5, 6, 7)]
    assert len(kept.test) == len(split.test) - 1
    assert len(told) == 3
    assert told[0] == "file 1.png: expected an image, found 0 bytes"
    assert screening.counts() == {"fold0": {"train": 2, "val": 0, "test": 1}}
    screening.split(replace(split, name="fold1"))  # the same files in another fold
    assert len(told) == 3
    assert screening.counts()["fold1"]["train"] == 2


def test_a_resumed_run_leaves_out_the_same_samples_without_reading_all_again(tmp_path):
    Screening(tmp_path / "left_out.json", print).split(faulty())
    later = faulty(bad=(), test_bad=())  # by now the files read
    again = Screening(tmp_path / "left_out.json", print).split(later)
    assert later.train.reads == 0
    assert len(again.train) == len(later.train) - 2


def test_a_part_without_any_readable_sample_is_an_error(tmp_path):
    with pytest.raises(DataError, match="part 'test': expected a sample that reads"):
        Screening(tmp_path / "a.json", print).split(faulty(test_bad=range(12)))
    with pytest.raises(DataError, match="labelled sample that reads"):
        Screening(tmp_path / "b.json", print).split(faulty(bad=(0, 1), labelled=(0, 1)))


def test_by_default_the_run_stops_and_names_the_file(make_run, bad_toy):
    with pytest.raises(DataError, match=r"file (0|1|10)\.png: expected an image, found 0 bytes"):
        make_run("stop").train()


def test_a_damaged_test_sample_stops_the_run_before_anything_trains(make_run, monkeypatch):
    (whole,) = Toy().splits(0)
    split = replace(whole, test=Faulty(whole.test, {5}))
    monkeypatch.setattr(Toy, "splits", lambda self, seed: [split])
    run = make_run("late")
    with pytest.raises(DataError, match=r"file 5\.png"):
        run.train()
    assert not (run.folder / "checkpoints").exists()


def test_skipping_trains_every_arm_and_the_result_counts_what_is_missing(make_run, bad_toy):
    run = make_run("skip", "on_bad_sample='skip'")
    result = run.train()
    assert result["left_out"] == {"fold0": {"train": 2, "val": 0, "test": 1}}
    assert result["samples"]["fold0"] == {"train": 10, "labelled": 7, "val": 4, "test": 11}
    assert len(run.outcomes[0, "fold0", "distilled"]["kind"].answer) == 11
    kept = json.loads((run.folder / "left_out.json").read_text())
    assert kept["fold0"]["test"] == {"0": "file 0.png: expected an image, found 0 bytes"}


def test_another_policy_is_refused(make_run):
    with pytest.raises(ConfigError, match="on_bad_sample: expected 'stop' or 'skip', found 'ignore'"):
        make_run("other", "on_bad_sample='ignore'")
