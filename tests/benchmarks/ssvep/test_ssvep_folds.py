"""The splits: one subject is in one part, windows of a trial are labelled together, seeds repeat."""

from collections import Counter

import pytest
import torch

from xmodal.benchmarks.ssvep import Ssvep
from xmodal.benchmarks.ssvep.folds import leave_one_out
from xmodal.errors import ConfigError, DataError


@pytest.fixture(scope="module")
def ssvep(ssvep_root):
    return Ssvep(str(ssvep_root), labelled=(0.5, 1.0))


def subjects(samples):
    return {s.meta["subject"] for s in samples}


def test_no_subject_stands_in_two_parts(ssvep):
    splits = ssvep.splits(0)
    assert len(splits) == 8
    for split in splits:
        parts = [subjects(part) for part in (split.train, split.val, split.test)]
        assert len(set.union(*parts)) == sum(len(p) for p in parts) == 4
        assert len(parts[1]) == len(parts[2]) == 1


def test_every_trial_is_tested_once_a_group_with_its_last_window(ssvep):
    tested = [s for split in ssvep.splits(0)[:4] for s in split.test]
    assert Counter(s.meta["trial"] for s in tested) == Counter({t[0].meta["trial"]: 1 for t in ssvep.trials})
    assert {s.meta["start_s"] for s in tested} == {1.0}
    assert len(ssvep) == len(tested) == 40


def test_windows_of_a_trial_are_labelled_together_in_equal_shares_of_classes(ssvep):
    for split in ssvep.splits(0)[:4]:
        known = Counter(split.train[i].meta["trial"] for i in split.labelled)
        assert set(known.values()) == {5}
        first = {split.train[i].meta["trial"]: split.train[i] for i in split.labelled}.values()
        kinds = Counter((s.meta["subject"], int(s.labels["stimulus"])) for s in first)
        assert all(count == (2 if subject == "subject02" else 1) for (subject, _), count in kinds.items())
        assert len(kinds) == 4 * len(subjects(split.train))


def test_splits_repeat_and_another_seed_labels_other_trials(ssvep):
    one, again, other = (ssvep.splits(seed) for seed in (0, 0, 1))
    assert [list(s.labelled) for s in one] == [list(s.labelled) for s in again]
    assert [list(s.labelled) for s in one[:4]] != [list(s.labelled) for s in other[:4]]
    for a, b in zip(one, other, strict=True):
        assert [s.key for s in a.train] == [s.key for s in b.train]
        assert [s.key for s in a.test] == [s.key for s in b.test]


def test_the_smaller_share_is_part_of_the_larger(ssvep):
    few, all_of_them = ssvep.splits(3)[:4], ssvep.splits(3)[4:]
    for a, b in zip(few, all_of_them, strict=True):
        assert set(a.labelled) < set(b.labelled)
        assert len(b.labelled) == len(b.train)


def test_keys_are_unique(ssvep):
    keys = [window.key for trial in ssvep.trials for window in trial]
    assert len(set(keys)) == len(keys) == 200


def test_reading_twice_gives_the_same_numbers(ssvep, ssvep_root):
    again = Ssvep(str(ssvep_root))
    for a, b in zip(ssvep.trials, again.trials, strict=True):
        assert all(torch.equal(x.entries["eeg"], y.entries["eeg"]) for x, y in zip(a, b, strict=True))


def test_two_subjects_are_too_few():
    with pytest.raises(DataError, match="at least 3, found 2: a, b"):
        leave_one_out(["b", "a", "b"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"root": ""}, r"benchmark\.root=PATH/TO/ssvep-exo \(https://github"),
        ({"labelled": ()}, "labelled must hold"),
        ({"labelled": (0.0,)}, "labelled must be a number of samples"),
        ({"window_s": 5.5}, "window_s must be 0.5 to 5 s"),
        ({"step_s": 0.0}, "window_s must be"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_read(options, message):
    with pytest.raises(ConfigError, match=message):
        Ssvep(**{"root": "nowhere", **options})
