"""Splits, labels, entries and bad input of the benchmark."""

import pytest
import torch

from xmodal.adapter import Need
from xmodal.benchmarks.phantom import Phantom
from xmodal.data.batch import collate
from xmodal.errors import ConfigError
from xmodal.modalities.volume import VolumeConv
from xmodal.modalities.volume.entries import grid_of
from xmodal.report.inspect import inspect_picture

KEYS = ("volume/mri", "volume/pet")


def small(**changes: object) -> Phantom:
    return Phantom(**{"subjects": 24, "labelled": (6, 0.5, 1.0), "val": 6, "test": 8, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def world() -> Phantom:
    return small()


def test_no_subject_is_in_two_parts(world: Phantom) -> None:
    for split in world.splits(0):
        parts = [split.train, split.val, split.test]
        assert [len(part) for part in parts] == [24, 6, 8]
        assert len({s.key for part in parts for s in part}) == 38
        scans = {s.entries[key].numpy().tobytes() for part in parts for s in part for key in KEYS}
        assert len(scans) == 2 * 38


def test_one_table_for_each_number_of_labels_and_they_are_nested(world: Phantom) -> None:
    few, half, every = world.splits(0)
    assert [len(s.labelled) for s in (few, half, every)] == [6, 12, 24]
    assert set(few.labelled) < set(half.labelled)
    assert [s.group for s in (few, half, every)] == ["6 labels", "50 % of the labels", "100 % of the labels"]
    assert len({s.name for s in (few, half, every)}) == 3
    assert [s.labelled for s in small(labelled=6).splits(0)] == [few.labelled]


def test_the_runs_seed_chooses_labels_and_nothing_else(world: Phantom) -> None:
    first, again, other = world.splits(0)[0], small().splits(0)[0], world.splits(1)[0]
    assert first.labelled == again.labelled != other.labelled
    for part in ("train", "val", "test"):
        for a, b, c in zip(getattr(first, part), getattr(again, part), getattr(other, part), strict=True):
            assert a.key == b.key == c.key
            assert all(
                torch.equal(a.entries[k], b.entries[k]) and torch.equal(a.entries[k], c.entries[k]) for k in KEYS
            )
            assert a.labels["diagnosis"] == b.labels["diagnosis"]


def test_a_subject_depends_on_its_number_and_the_worlds_seed_alone(world: Phantom) -> None:
    split = world.splits(0)[0]
    assert torch.equal(
        split.train[5].entries["volume/mri"], small(subjects=12, labelled=6).sample(5).entries["volume/mri"]
    )
    assert not torch.equal(small(seed=1).sample(5).entries["volume/mri"], world.sample(5).entries["volume/mri"])


@pytest.mark.slow
def test_workers_make_the_same_scans(world: Phantom) -> None:
    one, two = (small(subjects=50, workers=n, labelled=6).splits(0)[0].train for n in (1, 2))
    for a, b in zip(one, two, strict=True):
        assert a.key == b.key
        assert all(torch.equal(a.entries[key], b.entries[key]) for key in KEYS)


def test_a_sample_holds_two_normalised_scans_on_one_grid(world: Phantom) -> None:
    sample = world.sample(0)
    assert sample.labels["diagnosis"].dtype == torch.long
    assert sample.labels["diagnosis"].dim() == 0
    for key in KEYS:
        assert sample.entries[key].shape == (1, 24, 32, 28)
        assert sample.entries[key].dtype == torch.float32
    mri_grid, pet_grid = (grid_of(sample, key) for key in KEYS)
    assert mri_grid is not None
    assert pet_grid is not None
    assert mri_grid.same(pet_grid)
    assert mri_grid.spacing_mm == (6.0, 6.0, 6.0)
    brain = sample.entries["volume/mri"]
    brain = brain[brain != 0]
    assert brain.mean().abs() < 1e-4
    assert brain.std() == pytest.approx(1, abs=1e-3)
    grey = sample.entries["volume/pet"].flatten().topk(1000).values.mean()
    assert 1.0 < grey < 2.0, "grey matter takes up about as much as the cerebellum"


def test_an_adapter_reads_each_scan_by_its_key(world: Phantom) -> None:
    batch = collate([world.sample(i) for i in range(2)])
    for key in KEYS:
        out = VolumeConv(key=key, widths=(4, 8))(batch.only([key]), Need(pooled=True))
        assert out.need_pooled("net").shape == (2, 8)


def test_inspect_draws_both_scans(world: Phantom) -> None:
    one, other = (inspect_picture(world.sample(i), {"volume": VolumeConv.picture}) for i in (0, 1))
    assert one.width == 1240
    assert one.height > 800
    assert one.tobytes() != other.tobytes()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"labelled": 0}, "labelled must be a number of samples .* found 0"),
        ({"labelled": (6, 25)}, "labelled = 25, but there are 24"),
        ({"labelled": 1.5}, "found 1.5"),
        ({"labelled": "some"}, "found 'some'"),
        ({"labelled": True}, "found True"),
        ({"labelled": ()}, "at least one"),
        ({"labelled": (24, 24)}, "different amounts"),
        ({"subjects": 0}, "subjects >= 1"),
        ({"test": 0}, "test >= 1"),
        ({"correlation": 1.2}, r"correlation must lie in \[0, 1\], found 1.2"),
        ({"seed": -1}, "seed from 0"),
    ],
)
def test_bad_arguments_are_one_clear_error(change: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        small(**change)
