"""Splits that leak nothing, the share of labels, the recipe end to end, and the real data."""

import pytest
from rich.console import Console

from xmodal.benchmarks.mars import Mars
from xmodal.engine.config import find, read
from xmodal.engine.log import Log
from xmodal.engine.run import Run
from xmodal.errors import ConfigError


@pytest.fixture(scope="module")
def mars(whole_mars):
    return Mars(str(whole_mars))


def frames(samples):
    """(subject, movement, frame) of everything that the samples show."""
    found = set()
    for sample in samples:
        subject, movement, _, start = sample.key.split("/")
        found |= {(subject, movement, int(start) + i) for i in range(16)}
    return found


@pytest.mark.parametrize("validation", ["time", "subject"])
def test_no_subject_is_in_training_and_test_and_no_frame_in_two_parts(whole_mars, validation):
    for split in Mars(str(whole_mars), validation=validation).splits(0):
        (tested,) = {s.meta["subject"] for s in split.test}
        assert split.name.endswith(tested)
        assert tested not in {s.meta["subject"] for s in [*split.train, *split.val]}
        assert split.val
        assert not frames(split.train) & frames(split.val)
        if validation == "subject":
            assert not {s.meta["subject"] for s in split.val} & {s.meta["subject"] for s in split.train}


def test_every_window_is_tested_once_in_each_table(mars):
    for group in ("5 % of the labels", "100 % of the labels"):
        tested = [s.key for split in mars.splits(0) if split.group == group for s in split.test]
        assert sorted(tested) == sorted(s.key for s in mars.samples)


def test_splits_are_deterministic_and_only_labels_follow_the_seed(mars):
    first, again, other = mars.splits(0), mars.splits(0), mars.splits(1)
    assert [s.labelled for s in first] == [s.labelled for s in again]
    assert first[0].labelled != other[0].labelled
    assert [[s.key for s in split.train] for split in first] == [[s.key for s in split.train] for split in other]


def test_the_shares_are_nested_and_the_teacher_may_know_all(whole_mars):
    splits = {s.name: s for s in Mars(str(whole_mars), labelled=(0.05, 0.5, 1.0)).splits(0)}
    small, middle, all_ = (set(splits[f"labels{share}percent-subject2"].labelled) for share in (5, 50, 100))
    train = splits["labels5percent-subject2"].train
    assert small < middle < all_ == set(range(len(train)))
    assert len(small) == round(0.05 * len(train))
    assert set(splits["labels5percent-subject2"].teacher_labelled) == all_
    assert Mars(str(whole_mars), teacher_labels="same").splits(0)[0].teacher_labelled is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"root": ""}, "--set benchmark.root=.*github.com/SizheAn/MARS"),
        ({"labelled": (0.0,)}, "labelled must be a number of samples"),
        ({"labelled": ()}, "labelled must hold"),
        ({"teacher_labels": "some"}, "teacher_labels must be 'all' or 'same'"),
        ({"validation": "none"}, "validation must be 'time' or 'subject'"),
    ],
)
def test_settings_that_make_no_sense(whole_mars, change, message):
    with pytest.raises(ConfigError, match=message):
        Mars(**{"root": str(whole_mars), **change})


def test_the_recipe_trains_end_to_end_and_repeats_itself(whole_mars, tmp_path):
    source = find("skeleton_to_radar_mars")
    few = ("schedule.steps=2", "teacher_schedule.steps=2", "benchmark.labelled=(0.5,)")
    results = []
    for name, more in (("a", ()), ("b", ("arms=('distilled',)",))):
        config = read(source, (f"benchmark.root={whole_mars}", *few, *more))
        results.append(Run(tmp_path / name, config, source, Log(tmp_path / name, Console(quiet=True))).train())
    assert list(results[0]["arms"]) == ["teacher", "student", "self", "shuffled", "distilled"]
    assert results[0]["arms"]["distilled"] == results[1]["arms"]["distilled"]


def test_the_picture_shows_points_and_skeleton(mars):
    drawn = mars.picture(mars.sample(3))
    assert drawn.size[0] > 500
    assert len(set(drawn.getcolors(maxcolors=2**20))) > 50


def test_real_data(data_root):
    mars = Mars(str(data_root / "mars"))
    assert len(mars) == 3970
    sizes = {s.name: len(s.test) for s in mars.splits(0)[4:]}
    assert list(sizes.values()) == [563, 1417, 1071, 919]
    left, right = (
        next(s for s in mars.samples if s.meta["movement"] == f"{side} upper limb extension")
        for side in ("left", "right")
    )
    # Who faces the radar has the left arm to the radar's right: moving points lie there.
    for window, sign in ((left, 1), (right, -1)):
        cloud = window.entries["radar"].values
        assert sign * float(-cloud[cloud[:, 4].abs() > 0.3, 1].mean()) > 0.1
