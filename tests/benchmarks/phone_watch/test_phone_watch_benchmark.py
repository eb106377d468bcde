"""Splits that leak nothing, the recipe end to end, and the real data."""

import pytest
from rich.console import Console

from xmodal.benchmarks.phone_watch import PhoneWatch
from xmodal.engine.config import find, read
from xmodal.engine.log import Log
from xmodal.engine.run import Run
from xmodal.errors import ConfigError, DataError


def test_no_subject_is_in_training_and_test_and_no_execution_in_two_parts(phone_root):
    for split in PhoneWatch(str(phone_root), folds=3).splits(0):
        parts = [split.train, split.val, split.test]
        train, val, test = ({s.meta["subject"] for s in part} for part in parts)
        assert not test & (train | val)
        assert len(test) == 1
        recorded = [{s.meta["execution"] for s in part} for part in parts]
        assert all(recorded)
        assert sum(map(len, recorded)) == len(set().union(*recorded)) == 6


def test_every_window_is_tested_once_in_each_table(phone_root):
    benchmark = PhoneWatch(str(phone_root), folds=2)
    for group in ("5 % of the labels", "100 % of the labels"):
        tested = [s.key for split in benchmark.splits(0) if split.group == group for s in split.test]
        assert sorted(tested) == sorted(s.key for s in benchmark.samples)


def test_splits_are_deterministic_and_the_shares_nested(phone_root):
    benchmark = PhoneWatch(str(phone_root), labelled=(0.1, 1.0), folds=3)
    first, again, other = (benchmark.splits(seed) for seed in (0, 0, 1))
    assert [s.labelled for s in first] == [s.labelled for s in again] != [s.labelled for s in other]
    few, many = first[0], first[3]
    assert len(few.labelled) == round(0.1 * len(few.train))
    assert set(few.labelled) < set(many.labelled)
    assert few.teacher_labelled is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"root": ""}, "--set benchmark.root=.*github.com/GeoTecINIT"),
        ({"labelled": (2.0,)}, "labelled must be a number of samples"),
        ({"window_s": 0.0}, "window_s from 0.1"),
        ({"step_s": -1.0}, "step_s from 0.01"),
        ({"folds": 4}, "folds must be from 2 to 3 subjects"),
    ],
)
def test_settings_that_make_no_sense(phone_root, change, message):
    with pytest.raises(ConfigError, match=message):
        PhoneWatch(**{"root": str(phone_root), "folds": 3, **change})


def test_a_subject_needs_a_second_execution_to_train_on(phone_root):
    for path in phone_root.rglob("s0?_02_*.csv"):
        path.unlink()
    with pytest.raises(DataError, match="expected two executions or more"):
        PhoneWatch(str(phone_root), folds=3).splits(0)


def test_the_recipe_trains_end_to_end_and_repeats_itself(phone_root, tmp_path):
    source = find("phone_to_watch")
    few = ("schedule.steps=2", "teacher_schedule.steps=2", "benchmark.labelled=(0.5,)", "benchmark.folds=2")
    results = []
    for name, more in (("a", ()), ("b", ("arms=('distilled',)",))):
        config = read(source, (f"benchmark.root={phone_root}", *few, *more))
        results.append(Run(tmp_path / name, config, source, Log(tmp_path / name, Console(quiet=True))).train())
    assert list(results[0]["arms"]) == ["teacher", "student", "self", "shuffled", "distilled"]
    assert results[0]["arms"]["distilled"] == results[1]["arms"]["distilled"]


def test_the_picture_shows_both_devices(phone_root):
    benchmark = PhoneWatch(str(phone_root), folds=3)
    width, height = benchmark.picture(benchmark.sample(0)).size
    assert width >= 800
    assert height >= 600


def test_real_data(data_root):
    benchmark = PhoneWatch(str(data_root / "sp-sw-har"))
    assert len(benchmark) == 802
    splits = benchmark.splits(0)
    assert [len(s.test) for s in splits[4:]] == [203, 209, 164, 226]
    # Gravity: over all windows each device feels about 9.8 m/s2.
    for key in ("series/phone", "series/watch"):
        mean = sum(float(s.entries[key][:, :3].norm(dim=1).mean()) for s in benchmark.samples) / len(benchmark)
        assert mean == pytest.approx(9.8, abs=0.8)
