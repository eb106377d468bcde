"""The splits leak nothing, everything repeats, samples hold what the README's table says."""

from collections import Counter

import numpy as np
import pytest
import torch

from xmodal.benchmarks.digits_av import DigitsAV, benchmark
from xmodal.benchmarks.digits_av.camera import Photo
from xmodal.data.batch import collate
from xmodal.data.sample import Rows
from xmodal.errors import ConfigError
from xmodal.modalities.text.entry import text_of


def same(a, b):
    def values(sample):
        return [e.values if isinstance(e, Rows) else e for e in sample.entries.values()]

    return a.key == b.key and all(map(torch.equal, values(a), values(b)))


def metas(part, field):
    return {s.meta[field] for s in part}


@pytest.fixture
def world(monkeypatch):
    """The real parts, without the cost of camera and speech."""
    blank = Photo(np.zeros((3, 32, 32), np.uint8), pen=1.0, lean=0.0, blur_px=0.5, negative=False)
    monkeypatch.setattr(benchmark, "photograph", lambda ink, rng: blank)
    monkeypatch.setattr(benchmark, "say", lambda digit, voice, rng: np.zeros(8, np.float32))
    return DigitsAV(labelled=(60, 1.0), photos=1)


@pytest.fixture
def splits(world):
    return world.splits(0)


@pytest.mark.parametrize("field", ["image", "speaker"])
def test_no_image_and_no_voice_is_in_two_parts(splits, field):
    for split in splits:
        parts = [metas(part, field) for part in (split.train, split.val, split.test)]
        assert len(set.union(*parts)) == sum(len(part) for part in parts)


def test_each_image_is_in_exactly_one_part_and_test_images_stand_once(splits):
    numbers = [s.meta["image"] for part in (splits[0].train, splits[0].val, splits[0].test) for s in part]
    assert sorted(numbers) == list(range(1797))
    assert len(splits[0].test) == 510


def test_parts_are_whole_stretches_of_the_file(splits):
    ends = [(min(metas(p, "image")), max(metas(p, "image"))) for p in (splits[0].train, splits[0].val, splits[0].test)]
    assert ends == [(0, 1028), (1029, 1286), (1287, 1796)]


def test_labels_are_those_of_scikit_learn(world, splits):
    from sklearn.datasets import load_digits

    target = load_digits().target
    assert all(int(s.labels["digit"]) == target[s.meta["image"]] for s in splits[0].test)
    assert set(Counter(int(s.labels["digit"]) for s in splits[0].test)) == set(range(10))


def test_every_voice_of_a_part_speaks(splits):
    counts = [len(metas(part, "speaker")) for part in (splits[0].train, splits[0].val, splits[0].test)]
    assert counts == [24, 6, 12]


def test_a_table_for_each_amount_of_labels_and_the_smaller_is_part_of_the_larger():
    world = DigitsAV(labelled=(20, 0.1, 1.0), photos=1)
    world._parts = {name: [world.sample(0)] * 100 for name in ("train", "val", "test")}
    few, some, whole = world.splits(3)
    assert [s.group for s in (few, some, whole)] == ["20 labels", "10 % of the labels", "100 % of the labels"]
    assert [len(s.labelled) for s in (few, some, whole)] == [20, 10, 100]
    assert set(some.labelled) < set(few.labelled) < set(whole.labelled)
    assert len({s.name for s in (few, some, whole)}) == 3


def test_splits_repeat_and_the_seed_only_chooses_labels(splits, world):
    again, other = world.splits(0), world.splits(1)
    assert again[0].labelled == splits[0].labelled
    assert other[0].labelled != splits[0].labelled
    assert [s.key for s in other[0].train] == [s.key for s in splits[0].train]


def test_the_world_is_made_from_its_seed_alone():
    first, again, other = DigitsAV(), DigitsAV(photos=1), DigitsAV(seed=1)
    for i in (700, 0):
        assert same(first.sample(i), again.sample(i))
        assert not same(first.sample(i), other.sample(i))


def test_further_photos_show_the_same_image_otherwise():
    world = DigitsAV(photos=2)
    first, second = world.sample(4), world.sample(1029 + 4)
    assert len(world) == 2058
    assert first.meta["image"] == second.meta["image"]
    assert not torch.equal(first.entries["image"], second.entries["image"])
    assert not torch.equal(first.entries["audio"], second.entries["audio"])


def test_entries_have_the_shapes_of_their_modalities_and_collate():
    samples = [DigitsAV().sample(i) for i in range(4)]
    batch = collate(samples)
    assert batch.tensor("image").shape == (4, 3, 32, 32)
    assert batch.tensor("image").dtype == torch.uint8
    assert batch.tensor("audio").shape == (4, 1, 8000)
    assert batch.tensor("audio").dtype == torch.float32
    assert batch.tensor("audio").abs().max() <= 1
    assert batch.ragged("text").values.dtype == torch.uint8
    assert batch.labels["digit"].shape == (4,)
    assert text_of(samples[0].entries["text"].values)


@pytest.mark.parametrize("labelled", [0, -3, 1.5, 0.0, True, "many", (), (60, 60), (10, 2.0)])
def test_amounts_of_labels_that_make_no_sense_are_refused(labelled):
    with pytest.raises(ConfigError, match="digits_av: labelled"):
        DigitsAV(labelled=labelled)


def test_more_labels_than_samples_are_refused():
    world = DigitsAV(labelled=5000, photos=1)
    world._parts = {name: [world.sample(0)] * 10 for name in ("train", "val", "test")}
    with pytest.raises(ConfigError, match="labelled = 5000, but there are 10"):
        world.splits(0)


@pytest.mark.parametrize("given", [{"photos": 0}, {"seed": -1}])
def test_other_numbers_that_make_no_sense_are_refused(given):
    with pytest.raises(ConfigError, match="photos >= 1 and seed >= 0"):
        DigitsAV(**given)


def test_fewer_samples_are_the_first_ones_of_each_part():
    few = DigitsAV(labelled=(4,), most=6).splits(0)[0]
    assert [len(part) for part in (few.train, few.val, few.test)] == [6, 6, 6]
    whole = DigitsAV(labelled=(4,))
    assert torch.equal(few.train[5].entries["image"], whole.sample(5).entries["image"])
    with pytest.raises(ConfigError, match="most >= 1"):
        DigitsAV(most=0)
