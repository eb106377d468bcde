"""The benchmark `mars`: which rehabilitation movement a person makes, from a skeleton or from radar points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from xmodal.benchmarks.mars.layout import LICENCE, MOVEMENTS, SOURCE, SUBJECTS
from xmodal.benchmarks.mars.windows import read_windows
from xmodal.data.benchmark import Benchmark, Card, Split, data_folder
from xmodal.data.labelled import Labelled, check_labelled, count_of, group_name, split_name
from xmodal.data.sample import Sample
from xmodal.errors import ConfigError
from xmodal.tasks import Classification


class Mars(Benchmark):
    """MARS: ten movements of four subjects, windows of 16 frames (1.6 s), 3,970 of them; leave one subject out.

    Entries: "series/skeleton" [16, 75] from a Kinect, "series/radar" [1, F] statistics of the radar's points (see
    `radar_statistics`), "radar" the points themselves. Windows overlap by half inside a part of the authors' split in
    time and never across. Accuracy is pooled over the four subjects. Of subject 1 the repository lacks the first 60 %
    of the skeletons; subject 4 made nine movements.

    Args:
        root: the repository's folder, as the error for a missing file describes.
        labelled: number or share of the training windows whose label the student knows, or several for one table each.
            All are pairs.
        teacher_labels: "all" for a teacher that knows every label whatever the student knows (its sensor was
            annotated, the radar not), or "same".
        validation: "time" for the 20 % of the training subjects' time that the authors keep for it, or "subject" for
            all windows of the next subject, who then is missing in training; the latter is harder, as the test is,
            and meant for choosing settings.
    """

    card = Card(
        summary="rehabilitation movements: Kinect skeletons and mmWave radar points, leave one subject out",
        licence=LICENCE,
        source=SOURCE,
    )

    def __init__(
        self,
        root: str = "",
        labelled: Labelled = (0.05, 1.0),
        teacher_labels: str = "all",
        validation: str = "time",
    ) -> None:
        for name, value, known in (
            ("teacher_labels", teacher_labels, ("all", "same")),
            ("validation", validation, ("time", "subject")),
        ):
            if value not in known:
                raise ConfigError(f"mars: {name} must be {known[0]!r} or {known[1]!r}, found {value!r}")
        folder = data_folder("mars", root, "mars", SOURCE)
        self.labelled = check_labelled("mars", labelled)
        self.teacher_labels, self.validation = teacher_labels, validation
        self.samples = read_windows(folder)
        self.tasks = {"movement": Classification(MOVEMENTS)}

    def splits(self, seed: int) -> Sequence[Split]:
        return [self._split(amount, number, seed) for amount in self.labelled for number in range(len(SUBJECTS))]

    def _split(self, amount: int | float, number: int, seed: int) -> Split:
        tested, next_one = (f"subject{SUBJECTS[(number + i) % len(SUBJECTS)]}" for i in range(2))
        rest = [s for s in self.samples if s.meta["subject"] != tested]
        if self.validation == "subject":
            held = [s.meta["subject"] == next_one for s in rest]
        else:
            held = [s.meta["part"] == "validate" for s in rest]
        train = [s for s, out in zip(rest, held, strict=True) if not out]
        return Split(
            name=f"{split_name(amount)}-{tested}",
            train=train,
            val=[s for s, out in zip(rest, held, strict=True) if out],
            test=[s for s in self.samples if s.meta["subject"] == tested],
            labelled=labelled_windows(len(train), amount, seed),
            group=group_name(amount),
            teacher_labelled=range(len(train)) if self.teacher_labels == "all" else None,
        )

    def picture(self, sample: Sample) -> Image.Image:
        """The radar's points and the skeleton from the front and from the side, and the skeleton's traces."""
        from xmodal.benchmarks.mars.picture import picture

        return Image.fromarray(picture(sample))

    def sample(self, index: int) -> Sample:
        return self.samples[index]

    def __len__(self) -> int:
        return len(self.samples)


def labelled_windows(count: int, amount: int | float, seed: int) -> list[int]:
    """That many of `count` positions, sorted; a smaller amount is part of a larger one."""
    order = np.random.default_rng(seed).permutation(count)
    chosen: list[int] = np.sort(order[: count_of("mars", amount, count)]).tolist()
    return chosen
