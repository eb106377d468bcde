"""The embedded benchmark `digits_av`: which digit is it? Photographed, spoken, and captioned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from xmodal.benchmarks.digits_av.camera import photograph
from xmodal.benchmarks.digits_av.captions import write_caption
from xmodal.benchmarks.digits_av.phones import DIGITS
from xmodal.benchmarks.digits_av.scans import PARTS, Scans, load_scans
from xmodal.benchmarks.digits_av.speech import RATE_HZ, say
from xmodal.benchmarks.digits_av.voice import Voice, make_voice
from xmodal.data.benchmark import Benchmark, Card, Split
from xmodal.data.labelled import Labelled, check_labelled, draw_labelled, group_name, split_name
from xmodal.data.sample import Sample
from xmodal.errors import ConfigError
from xmodal.modalities.text.entry import text_entry
from xmodal.tasks import Classification

SPEAKERS = {"train": range(24), "val": range(24, 30), "test": range(30, 42)}
"""Numbers of the voices of each part; a voice is made from its number."""


class DigitsAV(Benchmark):
    """Digits that people wrote, seen by a bad camera, said by synthetic voices, described by unreliable captions.

    Entries: "image" [3, 32, 32] uint8, "audio" [1, 8000] at 8 kHz, "text" as UTF-8 bytes. Task: the digit.

    The handwriting is real (scikit-learn's 1,797 digits); camera, speech and captions are simulated, with all their
    ranges in `camera`, `speech`, `voice` and `captions`. Training images (1,029) are photographed `photos` times, each
    time otherwise and with another voice and caption; validation (258) and test images (510) once. No image and no
    voice is in two parts. Writers are not recorded: the parts follow the file's order and change where a form begins
    (see `scans`), so that test writers are new unless a writer filled in forms far apart.

    Args:
        labelled: how many training samples have labels (drawn by the run's seed): a number, a share, or several of
            them for one table each. All training samples are pairs.
        photos: samples made of each training image.
        seed: of the world.
        most: of each part no more samples than this, for trying things out; None for all.
    """

    card = Card(
        summary="simulated camera, voices and captions around 1,797 real handwritten digits: image, audio, text",
        licence="Apache-2.0 (part of xmodal); the digits: CC BY 4.0 (Alpaydin and Kaynak, UCI)",
        source="made on the fly from sklearn.datasets.load_digits (pip install 'xmodal[digits]')",
    )

    def __init__(
        self, labelled: Labelled = (100, 1.0), photos: int = 3, seed: int = 0, most: int | None = None
    ) -> None:
        self.labelled = check_labelled("digits_av", labelled)
        if photos < 1 or seed < 0:
            raise ConfigError(f"digits_av: expected photos >= 1 and seed >= 0, found {photos} and {seed}")
        if most is not None and most < 1:
            raise ConfigError(f"digits_av: expected most >= 1, found {most}")
        self.photos, self.seed, self.most = photos, seed, most
        self.tasks = {"digit": Classification(DIGITS)}
        self.scans: Scans = load_scans()
        self.voices: dict[int, Voice] = {}
        self._parts: dict[str, list[Sample]] = {}

    def splits(self, seed: int) -> Sequence[Split]:
        train, val, test = (self._part(name) for name in ("train", "val", "test"))
        splits = []
        for amount in self.labelled:
            known = draw_labelled("digits_av", amount, len(train), seed)
            splits.append(Split(split_name(amount), train, val, test, known, group=group_name(amount)))
        return splits

    def sample(self, index: int) -> Sample:
        return self._made("train", index)

    def __len__(self) -> int:
        count = self.photos * (PARTS["train"][1] - PARTS["train"][0])
        return count if self.most is None else min(count, self.most)

    def _part(self, name: str) -> list[Sample]:
        if name not in self._parts:
            start, end = PARTS[name]
            count = (end - start) * (self.photos if name == "train" else 1)
            count = count if self.most is None else min(count, self.most)
            self._parts[name] = [self._made(name, i) for i in range(count)]
        return self._parts[name]

    def _made(self, part: str, index: int) -> Sample:
        """Sample `index` of a part: image `index` modulo the part's images, from nothing but the numbers."""
        start, end = PARTS[part]
        image, turn = start + index % (end - start), index // (end - start)
        rng = np.random.default_rng([self.seed, image, turn])
        digit = int(self.scans.digit[image])
        photo = photograph(self.scans.ink[image], rng)
        speaker = int(rng.choice(SPEAKERS[part]))
        if speaker not in self.voices:
            self.voices[speaker] = make_voice(self.seed, speaker)
        sound = say(digit, self.voices[speaker], rng)
        key = f"{part}-{image:04d}-{turn}"
        return Sample(
            key=key,
            entries={
                "image": torch.from_numpy(photo.image),
                "audio": torch.from_numpy(sound).unsqueeze(0),
                "text": text_entry(write_caption(digit, photo, rng), key),
            },
            labels={"digit": torch.tensor(digit)},
            meta={
                "image": image,
                "speaker": speaker,
                "rate_hz": {"audio": RATE_HZ},
                "classes": {"digit": DIGITS},
            },
        )
