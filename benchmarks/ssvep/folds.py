"""Leave one subject out, and the trials whose label is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from xmodal.data.sample import Sample
from xmodal.errors import DataError

Trial = Sequence[Sample]
"""The windows of one trial."""
FEWEST_SUBJECTS = 3


@dataclass(frozen=True, slots=True)
class Fold:
    """One subject tests, the next one (in sorted order) validates, all others train."""

    test: str
    validation: str
    train: tuple[str, ...]


def leave_one_out(subjects: Sequence[str]) -> list[Fold]:
    """A fold for each subject.

    Raises:
        DataError: fewer than three subjects.
    """
    names = sorted(set(subjects))
    if len(names) < FEWEST_SUBJECTS:
        found = f"{len(names)}: {', '.join(names)}"
        raise DataError("subjects", expected=f"at least {FEWEST_SUBJECTS}", found=found)
    folds = []
    for number, test in enumerate(names):
        validation = names[(number + 1) % len(names)]
        folds.append(Fold(test, validation, tuple(n for n in names if n not in (test, validation))))
    return folds


def labelled_trials(trials: Sequence[Trial], share: float, seed: int) -> set[str]:
    """The names of the trials whose label is kept: of each subject and class the same share, at least one trial.

    The smaller share is part of the larger. Another seed gives another draw.
    """
    kinds: dict[tuple[str, int], list[str]] = {}
    for windows in trials:
        first = windows[0]
        label = first.labels["stimulus"]
        assert isinstance(label, torch.Tensor)
        kinds.setdefault((first.meta["subject"], int(label)), []).append(first.meta["trial"])
    generator = torch.Generator().manual_seed(seed)
    kept: set[str] = set()
    for kind in sorted(kinds):
        names = sorted(kinds[kind])
        order = torch.randperm(len(names), generator=generator).tolist()
        kept |= {names[i] for i in order[: max(round(share * len(names)), 1)]}
    return kept
