"""The benchmark `ssvep`: which flickering light a person looks at, from eight electrodes or from Oz alone."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from xmodal.benchmarks.ssvep.folds import Fold, Trial, labelled_trials, leave_one_out
from xmodal.benchmarks.ssvep.layout import LICENCE, SOURCE, sessions
from xmodal.benchmarks.ssvep.session import CLASSES, RATE_HZ, TRIAL_S, Cuts, read_session
from xmodal.data.benchmark import Benchmark, Card, Split, data_folder
from xmodal.data.labelled import Labelled, check_labelled, count_of, group_name, split_name
from xmodal.data.sample import Sample
from xmodal.errors import ConfigError
from xmodal.tasks import Classification


class Ssvep(Benchmark):
    """Steady-state visually evoked potentials for an arm exoskeleton: 4 classes (rest, 13, 21, 17 Hz), 128 Hz.

    A trial lasts five seconds from its audio cue. Entries: "eeg" [8, T] (Oz, O1, O2, PO3, POz, PO7, PO8, PO4) and
    "eeg/oz" [1, T], band-passed from 5 to 48 Hz, each channel of each window as a robust z-score: a unit of 1, no
    microvolts. One subject tests, the next one validates, the others train. Training holds several windows of each
    trial; a validation or test trial counts once, with its last window, so that accuracy is over trials.

    Args:
        root: the folder of the recordings, as the error for a missing file describes.
        labelled: number or share of the training trials whose label is known, or several for one table each. All
            trials are pairs.
        window_s: length of the windows; step_s: from one to the next.
    """

    card = Card(
        summary="EEG of flickering lights: eight electrodes over the visual cortex, four classes, by subject",
        licence=LICENCE,
        source=SOURCE,
    )

    def __init__(
        self, root: str = "", labelled: Labelled = (0.25, 1.0), window_s: float = 4.0, step_s: float = 0.25
    ) -> None:
        if not step_s >= 1 / RATE_HZ or not 0.5 <= window_s <= TRIAL_S:
            expected = f"0.5 to {TRIAL_S:g} s, and step_s one sample ({1 / RATE_HZ:g} s) or more"
            raise ConfigError(f"ssvep: window_s must be {expected}, found {window_s!r} and {step_s!r}")
        folder = data_folder("ssvep", root, "ssvep-exo", SOURCE)
        self.labelled = check_labelled("ssvep", labelled)
        cuts = Cuts(window_s, step_s)
        found = sessions(folder)
        self.folds = leave_one_out([session.subject for session in found])
        self.trials: list[Trial] = [trial for session in found for trial in read_session(session, cuts)]
        self.tasks = {"stimulus": Classification(CLASSES)}

    def splits(self, seed: int) -> Sequence[Split]:
        return [self._split(fold, amount, seed) for amount in self.labelled for fold in self.folds]

    def _split(self, fold: Fold, amount: int | float, seed: int) -> Split:
        own = [trial for trial in self.trials if trial[0].meta["subject"] in fold.train]
        known = labelled_trials(own, count_of("ssvep", amount, len(own)) / len(own), seed)
        train = [window for trial in own for window in trial]
        return Split(
            name=f"{split_name(amount)}-{fold.test}",
            train=train,
            val=self._last_windows(fold.validation),
            test=self._last_windows(fold.test),
            labelled=[i for i, window in enumerate(train) if window.meta["trial"] in known],
            group=group_name(amount),
        )

    def _last_windows(self, subject: str) -> list[Sample]:
        return [trial[-1] for trial in self.trials if trial[0].meta["subject"] == subject]

    def picture(self, sample: Sample) -> Image.Image:
        """The traces, the spectra with the flicker frequencies, and where on the head the chosen one is strong."""
        from xmodal.benchmarks.ssvep.picture import picture

        return Image.fromarray(picture(sample))

    def sample(self, index: int) -> Sample:
        return self.trials[index][-1]

    def __len__(self) -> int:
        return len(self.trials)
