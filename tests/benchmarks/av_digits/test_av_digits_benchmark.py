"""Pairs by label that never change, folds by speaker that leak nothing, errors that say what to do."""

import shutil

import numpy as np
import pytest
import torch

from xmodal.benchmarks.av_digits import AvDigits
from xmodal.benchmarks.av_digits.pairs import pair_images
from xmodal.errors import ConfigError, DataError


def values(part, field):
    return {s.meta[field] for s in part}


@pytest.fixture
def world(av_root):
    return AvDigits(str(av_root), labelled=(10, 1.0))


def test_image_and_sound_show_the_same_digit(world):
    for sample in world.samples:
        digit = int(sample.labels["digit"])
        image, audio = sample.entries["image"], sample.entries["audio"]
        assert image.shape == (3, 28, 28)
        assert int(image[0, 0, 0]) % 10 == digit == int(sample.key[0])
        assert int(image[0, 0, 0]) == sample.meta["image"]
        spectrum = torch.fft.rfft(audio[0, : 3000 + 100 * digit]).abs()
        hz = float(spectrum.argmax()) * 8000 / (3000 + 100 * digit)
        assert hz == pytest.approx(200 + 100 * digit, abs=5)


def test_no_speaker_recording_or_image_is_in_two_parts(world):
    for split in world.splits(0):
        for field in ("speaker", "image"):
            parts = [values(part, field) for part in (split.train, split.val, split.test)]
            assert len(set.union(*parts)) == sum(len(part) for part in parts)
        keys = [s.key for part in (split.train, split.val, split.test) for s in part]
        assert len(set(keys)) == len(keys) == 90


def test_each_speaker_is_tested_once_in_each_table(world):
    splits = world.splits(0)
    assert [s.group for s in splits] == ["10 labels"] * 3 + ["100 % of the labels"] * 3
    assert [values(s.test, "speaker") for s in splits[:3]] == [{"anna"}, {"bert"}, {"cleo"}]
    assert len({s.name for s in splits}) == 6
    assert [len(s.labelled) for s in splits] == [10] * 3 + [30] * 3
    assert all(len(s.train) == len(s.val) == len(s.test) == 30 for s in splits)


def test_the_pairing_does_not_depend_on_seed_or_takes(world, av_root):
    pairs = {s.key: s.meta["image"] for s in world.samples}
    assert {s.key: s.meta["image"] for split in world.splits(7) for s in split.train} == pairs
    fewer = AvDigits(str(av_root), labelled=5, takes=1)
    assert len(fewer) == 30
    assert all(pairs[s.key] == s.meta["image"] for s in fewer.samples)


def test_fewer_recordings_on_disk_keep_their_images(world, av_root):
    pairs = {s.key: s.meta["image"] for s in world.samples}
    for path in (av_root / "fsdd" / "recordings").glob("*_2.wav"):
        path.unlink()
    assert all(pairs[s.key] == s.meta["image"] for s in AvDigits(str(av_root), labelled=5).samples)


def test_splits_repeat_and_the_seed_only_chooses_labels(world):
    first, again, other = world.splits(0)[0], world.splits(0)[0], world.splits(1)[0]
    assert first.labelled == again.labelled != other.labelled
    assert [s.key for s in first.train] == [s.key for s in other.train]


@pytest.mark.parametrize("seconds", [0.25, 1.0])
def test_sounds_are_cut_or_filled_to_one_length(av_root, seconds):
    audio = AvDigits(str(av_root), labelled=5, seconds=seconds).sample(0).entries["audio"]
    assert audio.shape == (1, round(8000 * seconds))
    assert bool(audio[0, 3000:].abs().sum() == 0) or seconds < 1


def test_chosen_speakers_are_the_only_folds(av_root):
    world = AvDigits(str(av_root), labelled=5, speakers=("cleo",))
    (split,) = world.splits(0)
    assert values(split.test, "speaker") == {"cleo"}
    assert values(split.val, "speaker") == {"anna"}


def test_too_few_images_of_a_digit_are_refused():
    with pytest.raises(DataError, match="at least 2 images of 3, one for each recording, found 1"):
        pair_images([3, 3], np.arange(10, dtype=np.uint8))


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"root": ""}, r"benchmark.root=PATH/TO/av-mnist \(MNIST: https"),
        ({"labelled": 0}, "av_digits: labelled"),
        ({"takes": 0}, "takes >= 1"),
        ({"seconds": 0.01}, "seconds from 0.1"),
        ({"speakers": ("dora",)}, "unknown speaker 'dora'; known: anna, bert, cleo"),
        ({"speakers": ()}, "each test speaker once"),
        ({"speakers": ("anna", "anna")}, "each test speaker once"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(av_root, given, match):
    with pytest.raises(ConfigError, match=match):
        AvDigits(**{"root": str(av_root), **given})


def test_more_labels_than_samples_are_refused(av_root):
    with pytest.raises(ConfigError, match="labelled = 31, but there are 30"):
        AvDigits(str(av_root), labelled=31).splits(0)


@pytest.mark.parametrize("part", ["mnist/t10k-labels-idx1-ubyte.gz", "fsdd/recordings", "."])
def test_a_missing_part_says_where_to_get_it(av_root, part):
    path = av_root / part
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(DataError, match=r"github\.com/Jakobovski/free-spoken-digit-dataset.*found no such file"):
        AvDigits(str(av_root))


def test_other_damage_is_named(av_root, write_idx, tone):
    recordings = av_root / "fsdd" / "recordings"
    tone(recordings / "ten_anna_0.wav")
    with pytest.raises(DataError, match=r"DIGIT_SPEAKER_NUMBER\.wav.*found 'ten_anna_0.wav'"):
        AvDigits(str(av_root))
    (recordings / "ten_anna_0.wav").unlink()
    write_idx("labels", np.zeros(99, np.uint8))
    with pytest.raises(DataError, match="expected 100 labels, one an image, found 99"):
        AvDigits(str(av_root))
    write_idx("labels", np.full(100, 11, np.uint8))
    with pytest.raises(DataError, match="labels from 0 to 9, found 11"):
        AvDigits(str(av_root))
    write_idx("images", np.zeros((100, 28, 20), np.uint8))
    with pytest.raises(DataError, match="28 x 28"):
        AvDigits(str(av_root))


def test_no_recordings_or_two_speakers_are_refused(av_root):
    recordings = av_root / "fsdd" / "recordings"
    for path in recordings.glob("*_cleo_*.wav"):
        path.unlink()
    with pytest.raises(DataError, match=r"at least 3, .*found 2: anna, bert"):
        AvDigits(str(av_root))
    for path in recordings.glob("*.wav"):
        path.unlink()
    with pytest.raises(DataError, match=r"no \.wav in this folder"):
        AvDigits(str(av_root))


def test_the_real_folds(data_root):
    world = AvDigits(str(data_root / "av-mnist"), labelled=50)
    splits = world.splits(0)
    assert len(world) == 900
    assert len(splits) == 6
    assert all((len(s.train), len(s.val), len(s.test)) == (600, 150, 150) for s in splits)
    assert {len(values(s.train, "speaker")) for s in splits} == {4}
    assert len(values(world.samples, "image")) == 900
    ink = torch.stack([s.entries["image"][0].float().mean() for s in world.samples])
    assert 20 < float(ink.mean()) < 50  # MNIST's mean grey is 33
