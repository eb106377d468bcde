"""What a result does and does not show, in words, by the audit's rules."""

from __future__ import annotations

import math
from dataclasses import dataclass

from xmodal.report.numbers import count, number, signed
from xmodal.report.summary import CONTROLS, Comparison, Group, Summary

SEEDS_WANTED = 5
_WITHOUT = {
    "student": "there is nothing to measure a gain against",
    "self": "a gain may come from more training on the unlabelled samples, not from the other sensor",
    "shuffled": "a gain may be regularisation that needs no paired teacher",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """good: the audit is passed. Otherwise `text` says what is missing or wrong."""

    good: bool
    text: str


def findings(summary: Summary, group: Group) -> list[Finding]:
    """Everything a reader should know before trusting the table of this group; one good finding if nothing is amiss."""
    if not summary.seeds:
        return [Finding(False, "No seed is complete yet: there is nothing to compare.")]
    distilled = group.arm("distilled")
    if distilled is None:
        return [Finding(False, "This run has no distilled arm, so it shows no gain.")]
    bad = [
        f"The {summary.metric} of {arm.name} is not a number in some seed."
        for arm in group.arms
        if not all(math.isfinite(v) for v in arm.headline.values)
    ]
    bad += [f"There is no {name} arm: {_WITHOUT[name]}." for name in CONTROLS if group.arm(name) is None]
    for comparison in group.comparisons:
        bad += _against(comparison)
    bad += _seeds(len(summary.seeds))
    for teacher, gap in group.gaps.items():
        if gap is None:
            bad.append(f"The {teacher} is not better than the student alone: there is no gap to recover.")
    if bad:
        return [Finding(False, text) for text in bad]
    said = f"The gain over {', '.join(CONTROLS)} holds in every seed, and each paired interval lies above zero."
    return [Finding(True, said)]


def _against(comparison: Comparison) -> list[str]:
    other, over = comparison.other, comparison.over_seeds
    name = "the student alone" if other == "student" else other
    said = []
    if not over.mean > 0:
        said.append(f"Distilled is not better than {name} (difference {signed(over.mean)}).")
    elif over.better < over.count:
        said.append(f"Distilled is better than {name} in {over.better} of {count(over.count, 'seed')} only.")
    elif over.count > 1 and not over.above_zero:
        said.append(f"The interval of distilled minus {other} does not lie above zero.")
    folds = comparison.over_splits
    if folds is not None and folds.interval is not None and over.mean > 0 and not folds.above_zero:
        said.append(
            f"Over single splits the interval of distilled minus {other} reaches down to "
            f"{number(folds.interval.low)}: the gain differs much between splits."
        )
    return said


def _seeds(seeds: int) -> list[str]:
    if seeds == 1:
        return ["Only one seed was run: whether a difference is more than chance cannot be said."]
    if seeds < SEEDS_WANTED:
        return [f"Only {seeds} seeds were run; the audit asks for at least {SEEDS_WANTED}."]
    return []
