"""The benchmark `av_digits`: which digit is it? An image of MNIST beside a recording of another person saying it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.benchmarks.av_digits.idx import read_idx
from xmodal.benchmarks.av_digits.layout import LICENCE, SOURCE, Recording, find_recordings, images_file, labels_file
from xmodal.benchmarks.av_digits.pairs import pair_images
from xmodal.data.benchmark import Benchmark, Card, Split, data_folder
from xmodal.data.labelled import Labelled, check_labelled, draw_labelled, group_name, split_name
from xmodal.data.sample import Sample
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.audio.read import read_audio
from xmodal.tasks import Classification

RATE_HZ, LONGEST_S, SIDE_PX = 8000, 10.0, 28
DIGITS = tuple(str(digit) for digit in range(10))


class AvDigits(Benchmark):
    """MNIST test images and Free Spoken Digit recordings: "image" [3, 28, 28] uint8, "audio" [1, T] at 8 kHz.

    **The pairs are artificial.** Each recording got one image of the same digit, drawn once with a fixed seed and kept
    as if both had been recorded together; nothing but the digit connects them. So a teacher can pass on what digit it
    sees, and nothing finer.

    Folds are by speaker: each speaker in turn is the test part, the next one in alphabetical order the validation
    part, the others train. Every image has one place, so none is in two parts. The metric is accuracy pooled over the
    folds. A sound is cut, or filled up with silence, to `seconds`.

    Args:
        root: the folder that holds mnist/ and fsdd/, as the error for a missing file describes.
        labelled: how many training samples of a fold have labels (drawn by the run's seed): a number, a share, or
            several of them for one table each. All training samples are pairs.
        takes: of each speaker's recordings of a digit, how many to use, the first ones.
        speakers: the test speakers, for fewer folds; None for all.
        seconds: the length of a sound.
    """

    card = Card(
        summary="images and spoken digits of different people, paired artificially by label alone",
        licence=LICENCE,
        source=SOURCE,
    )

    def __init__(
        self,
        root: str = "",
        labelled: Labelled = (50, 1.0),
        takes: int = 15,
        speakers: Sequence[str] | None = None,
        seconds: float = 1.0,
    ) -> None:
        self.labelled = check_labelled("av_digits", labelled)
        if takes < 1 or not 0.1 <= seconds <= LONGEST_S:
            expected = f"takes >= 1 and seconds from 0.1 to {LONGEST_S:g}"
            raise ConfigError(f"av_digits: expected {expected}, found {takes} and {seconds}")
        folder = data_folder("av_digits", root, "av-mnist", SOURCE)
        self.length = round(seconds * RATE_HZ)
        self.tasks = {"digit": Classification(DIGITS)}
        self.samples = read_samples(folder, takes, self.length)
        self.people = sorted({s.meta["speaker"] for s in self.samples})
        if len(self.people) < 3:
            found = f"{len(self.people)}: {', '.join(self.people)}"
            raise DataError(f"{root}: speakers", expected="at least 3, for training, validation, test", found=found)
        self.tested = self.people if speakers is None else list(speakers)
        for name in self.tested:
            if name not in self.people:
                raise ConfigError(f"av_digits: unknown speaker {name!r}; known: {', '.join(self.people)}")
        if not self.tested or len(set(self.tested)) < len(self.tested):
            raise ConfigError(f"av_digits: speakers must name each test speaker once, found {speakers!r}")

    def splits(self, seed: int) -> Sequence[Split]:
        return [self._split(amount, speaker, seed) for amount in self.labelled for speaker in self.tested]

    def sample(self, index: int) -> Sample:
        return self.samples[index]

    def __len__(self) -> int:
        return len(self.samples)

    def _split(self, amount: int | float, tested: str, seed: int) -> Split:
        held = self.people[(self.people.index(tested) + 1) % len(self.people)]
        parts: dict[str, list[Sample]] = {"train": [], "val": [], "test": []}
        for sample in self.samples:
            speaker = sample.meta["speaker"]
            parts["test" if speaker == tested else "val" if speaker == held else "train"].append(sample)
        known = draw_labelled("av_digits", amount, len(parts["train"]), seed)
        name, group = f"{split_name(amount)}-{tested}", group_name(amount)
        return Split(name, parts["train"], parts["val"], parts["test"], known, group=group)


def read_samples(root: Path, takes: int, length: int) -> list[Sample]:
    """One Sample a recording, by number, digit and speaker; the first `takes` of each speaker and digit.

    Raises:
        DataError: a file is missing (says where to get it) or breaks its format.
        XmodalError: soundfile is not installed.
    """
    recordings = find_recordings(root)
    images, labels = read_idx(images_file(root), 3), read_idx(labels_file(root), 1)
    if len(images) != len(labels):
        raise DataError(labels_file(root), expected=f"{len(images)} labels, one an image", found=f"{len(labels)}")
    if images.shape[1:] != (SIDE_PX, SIDE_PX):
        found = " x ".join(str(side) for side in images.shape[1:])
        raise DataError(images_file(root), expected=f"images of {SIDE_PX} x {SIDE_PX}", found=found)
    if labels.max() > 9:
        raise DataError(labels_file(root), expected="labels from 0 to 9", found=f"{labels.max()}")
    # All are paired before some are left out, and low numbers first: a part of the data gets the pairs of the whole.
    numbers = pair_images([r.digit for r in recordings], labels)
    pixels = torch.from_numpy(images.copy())
    seen: dict[tuple[str, int], int] = {}
    samples = []
    for recording, number in zip(recordings, numbers, strict=True):
        who = (recording.speaker, recording.digit)
        seen[who] = seen.get(who, 0) + 1
        if seen[who] <= takes:
            image = pixels[number].expand(3, -1, -1).contiguous()
            samples.append(_sample(recording, number, image, length))
    return samples


def _sample(recording: Recording, number: int, image: Tensor, length: int) -> Sample:
    waveform = read_audio(recording.path, RATE_HZ, LONGEST_S).mean(0, keepdim=True)[:, :length]
    return Sample(
        key=recording.path.stem,
        entries={"image": image, "audio": F.pad(waveform, (0, length - waveform.shape[1]))},
        labels={"digit": torch.tensor(recording.digit)},
        meta={
            "speaker": recording.speaker,
            "image": number,
            "rate_hz": {"audio": RATE_HZ},
            "classes": {"digit": DIGITS},
        },
    )
