"""The benchmark `phone_watch`: what a person does, from a phone or from a watch. The negative control."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from xmodal.benchmarks.phone_watch.layout import LICENCE, SOURCE, executions
from xmodal.benchmarks.phone_watch.recording import ACTIVITIES
from xmodal.benchmarks.phone_watch.windows import read_windows
from xmodal.data.benchmark import Benchmark, Card, Split, data_folder
from xmodal.data.labelled import Labelled, check_labelled, count_of, group_name, split_name
from xmodal.data.sample import Sample
from xmodal.errors import ConfigError, DataError
from xmodal.tasks import Classification


class PhoneWatch(Benchmark):
    """Phone and watch worn together, five activities. Neither sensor knows more, so no gain should appear.

    Entries: "series/phone" and "series/watch" [T, 6], acceleration with gravity in m/s2 and turn rate in rad/s, 100 Hz
    on a common clock. Subjects are dealt out to the folds; each fold tests on its own, and accuracy is pooled over
    them. The last execution of each other subject validates. Windows overlap inside an execution only.

    Args:
        root: the data set's folder, as the error for a missing file describes.
        labelled: number or share of the training windows whose label is known, or several for one table each. All
            windows are pairs.
        window_s: length of a window; step_s: from one to the next.
        folds: how many; with as many folds as subjects each is left out once.
    """

    card = Card(
        summary="phone and watch worn together, five activities: a negative control without a gap",
        licence=LICENCE,
        source=SOURCE,
    )

    def __init__(
        self,
        root: str = "",
        labelled: Labelled = (0.05, 1.0),
        window_s: float = 1.0,
        step_s: float = 0.1,
        folds: int = 4,
    ) -> None:
        if not 0.1 <= window_s <= 60 or not step_s >= 0.01:
            expected = "window_s from 0.1 to 60 and step_s from 0.01"
            raise ConfigError(f"phone_watch: expected {expected} seconds, found {window_s!r} and {step_s!r}")
        folder = data_folder("phone_watch", root, "sp-sw-har", SOURCE)
        found = executions(folder)
        self.subjects = sorted({e.subject for e in found})
        if not 2 <= folds <= len(self.subjects):
            raise ConfigError(f"phone_watch: folds must be from 2 to {len(self.subjects)} subjects, found {folds!r}")
        self.labelled, self.folds = check_labelled("phone_watch", labelled), folds
        self.samples = [window for e in found for window in read_windows(e, window_s, step_s)]
        self.last = {max(e.key for e in found if e.subject == subject) for subject in self.subjects}
        self.tasks = {"activity": Classification(ACTIVITIES)}

    def splits(self, seed: int) -> Sequence[Split]:
        return [self._split(amount, number, seed) for amount in self.labelled for number in range(self.folds)]

    def _split(self, amount: int | float, number: int, seed: int) -> Split:
        tested = set(self.subjects[number :: self.folds])
        rest = [s for s in self.samples if s.meta["subject"] not in tested]
        train = [s for s in rest if s.meta["execution"] not in self.last]
        if not train:
            expected = "two executions or more of a training subject, since the last one validates"
            raise DataError(f"phone_watch: fold {number}", expected=expected, found="one of each")
        known = np.random.default_rng(seed).permutation(len(train))[: count_of("phone_watch", amount, len(train))]
        return Split(
            name=f"{split_name(amount)}-fold{number}",
            train=train,
            val=[s for s in rest if s.meta["execution"] in self.last],
            test=[s for s in self.samples if s.meta["subject"] in tested],
            labelled=sorted(known.tolist()),
            group=group_name(amount),
        )

    def picture(self, sample: Sample) -> Image.Image:
        """The traces of both devices, one below the other."""
        from xmodal.modalities.series.picture import picture

        both = [picture(sample, key) for key in ("series/phone", "series/watch")]
        return Image.fromarray(np.concatenate(both))

    def sample(self, index: int) -> Sample:
        return self.samples[index]

    def __len__(self) -> int:
        return len(self.samples)
