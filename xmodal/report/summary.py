"""The content of `result.json` as estimates, comparisons and gaps: what every table and figure shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from xmodal.engine.run_config import ARMS
from xmodal.report.fields import field, flag, mapping, numbers, text, whole_numbers, wrong
from xmodal.report.statistics import Difference, Estimate, estimate, gap_recovered, paired_difference

CONTROLS = ("student", "self", "shuffled")
"""The arms that a gain is measured against."""

_PER_CLASS = "IoU "


@dataclass(frozen=True, slots=True)
class Arm:
    """One row of the table.

    Attributes:
        headline: the benchmark's metric; others: by column, its other metrics, per-class ones left out.
        classes: by class, the mean IoU over the seeds that have it.
        seconds: training time over all seeds, splits and groups; None where it was not recorded.
    """

    name: str
    headline: Estimate
    others: Mapping[str, Estimate]
    classes: Mapping[str, float]
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Distilled minus another arm.

    Attributes:
        over_seeds: of the group's scores, all its splits pooled.
        over_splits: of each split's own score, seeds by splits; None where the group has one split.
    """

    other: str
    over_seeds: Difference
    over_splits: Difference | None


@dataclass(frozen=True, slots=True)
class Group:
    """Splits that are scored together.

    Attributes:
        gaps: by teacher's arm, the share of its lead that was recovered.
        samples: of each split, (labelled training samples, training samples); empty where it was not recorded.
        taught: of each split, labelled samples that teachers trained on, where they had more than the student.
    """

    name: str
    splits: tuple[str, ...]
    arms: tuple[Arm, ...]
    comparisons: tuple[Comparison, ...]
    gaps: Mapping[str, float | None]
    samples: tuple[tuple[int, int], ...] = ()
    taught: tuple[int, ...] = ()

    @property
    def columns(self) -> list[str]:
        """The metrics beside the headline that any arm has."""
        return list(dict.fromkeys(name for arm in self.arms for name in arm.others))

    @property
    def classes(self) -> list[str]:
        return list(dict.fromkeys(name for arm in self.arms for name in arm.classes))

    def arm(self, name: str) -> Arm | None:
        return next((arm for arm in self.arms if arm.name == name), None)


@dataclass(frozen=True, slots=True)
class Summary:
    """A whole result.

    Attributes:
        left_out: samples that could not be read, over all splits.
    """

    benchmark: str
    task: str
    metric: str
    greater_is_better: bool
    seeds: tuple[int, ...]
    groups: tuple[Group, ...]
    seconds: float | None
    versions: Mapping[str, str]
    left_out: int = 0


def summarise(result: Any) -> Summary:
    """Check the content of result.json and compute what is shown of it.

    Raises:
        DataError: a field is missing or of the wrong kind.
    """
    result = mapping(result, "result.json")
    task, metric = text(result, "task"), text(result, "metric")
    greater = flag(result, "greater_is_better")
    by_arm = mapping(result.get("seconds_by_arm", {}), "seconds_by_arm")
    seconds = {arm: numbers([s], f"seconds_by_arm.{arm}")[0] for arm, s in by_arm.items()}
    seeds = tuple(whole_numbers(field(result, "seeds"), "seeds"))
    groups = mapping(field(result, "groups"), "groups")
    return Summary(
        benchmark=text(result, "benchmark"),
        task=task,
        metric=metric,
        greater_is_better=greater,
        seeds=seeds,
        groups=tuple(
            replace(group, samples=_samples(result, group.splits), taught=_taught(result, group.splits))
            for group in (_group(n, g, (task, metric), greater, seconds, len(seeds)) for n, g in groups.items())
        ),
        seconds=numbers([result["seconds"]], "seconds")[0] if "seconds" in result else None,
        versions={str(k): str(v) for k, v in mapping(result.get("versions", {}), "versions").items()},
        left_out=_left_out(result),
    )


def ordered(arms: Sequence[str]) -> list[str]:
    """Student, self, shuffled, distilled, teacher, then any others as given."""
    return [a for a in ARMS if a in arms] + [a for a in arms if a not in ARMS]


@dataclass(frozen=True, slots=True)
class _Scores:
    """One arm of one group as read: `metrics` by seed, `splits` [seeds, splits]."""

    metrics: list[Mapping[str, Mapping[str, float]]]
    splits: np.ndarray[Any, np.dtype[np.float64]]
    names: tuple[str, ...]


def _group(
    name: str, content: Any, headline: tuple[str, str], greater: bool, seconds: Mapping[str, float], seeds: int
) -> Group:
    where = f"groups.{name}"
    read = {arm: _scores(row, f"{where}.{arm}", seeds) for arm, row in mapping(content, where).items()}
    names = ordered(list(read))
    arms = {arm: _arm(arm, read[arm], headline, seconds.get(arm), f"{where}.{arm}") for arm in names}
    compared = [] if "distilled" not in read or not seeds else [a for a in CONTROLS if a in read]
    comparisons = [_compare(a, arms, read, greater) for a in compared]
    gaps = {}
    if "student" in compared:
        low, mid = arms["student"].headline.mean, arms["distilled"].headline.mean
        for arm in (a for a in names if a.split("-")[0] == "teacher"):
            high = arms[arm].headline.mean
            gaps[arm] = gap_recovered(student=low, distilled=mid, teacher=high, greater_is_better=greater)
    splits = next(iter(read.values())).names if read else ()
    return Group(name, splits, tuple(arms.values()), tuple(comparisons), gaps)


def _samples(result: Mapping[str, Any], splits: Sequence[str]) -> tuple[tuple[int, int], ...]:
    recorded = mapping(result.get("samples", {}), "samples")
    each = [(mapping(recorded[split], f"samples.{split}"), f"samples.{split}") for split in splits if split in recorded]
    pairs = [whole_numbers([field(m, "labelled", where), field(m, "train", where)], where) for m, where in each]
    return tuple((labelled, train) for labelled, train in pairs)


def _taught(result: Mapping[str, Any], splits: Sequence[str]) -> tuple[int, ...]:
    recorded = [result.get("samples", {}).get(split, {}).get("teacher_labelled") for split in splits]
    return tuple(whole_numbers([count for count in recorded if count is not None], "samples.teacher_labelled"))


def _left_out(result: Mapping[str, Any]) -> int:
    recorded = mapping(result.get("left_out", {}), "left_out")
    each = [mapping(parts, f"left_out.{split}") for split, parts in recorded.items()]
    return sum(whole_numbers([count for parts in each for count in parts.values()], "left_out"))


def _scores(row: Any, where: str, seeds: int) -> _Scores:
    row = mapping(row, where)
    metrics = field(row, "metrics", where)
    if not isinstance(metrics, list) or len(metrics) != seeds:
        raise wrong(f"{where}.metrics", f"a list of {seeds}, one a seed", metrics)
    per_seed = [mapping(m, f"{where}.metrics") for m in metrics]
    splits = mapping(field(row, "splits", where), f"{where}.splits")
    columns = [numbers(values, f"{where}.splits.{name}", seeds) for name, values in splits.items()]
    table = np.array(columns, dtype=np.float64).reshape(len(columns), seeds).T
    return _Scores(per_seed, table, tuple(splits))


def _arm(name: str, read: _Scores, headline: tuple[str, str], seconds: float | None, where: str) -> Arm:
    several = len({task for tasks in read.metrics for task in tasks}) > 1
    found: dict[tuple[str, str], list[float]] = {}
    for tasks in read.metrics:
        for task, metrics in tasks.items():
            for metric, value in mapping(metrics, f"{where}.metrics.{task}").items():
                found.setdefault((task, metric), []).extend(numbers([value], f"{where}.metrics.{task}.{metric}"))
    first = found.pop(headline, [])
    if len(first) != len(read.metrics):
        raise wrong(f"{where}.metrics", f"{headline[1]!r} of {headline[0]!r} for every seed", f"it for {len(first)}")
    label = {key: f"{key[0]} {key[1]}" if several else key[1] for key in found}
    others = {label[key]: estimate(v) for key, v in found.items() if not key[1].startswith(_PER_CLASS)}
    return Arm(name, estimate(first), others, _classes(found), seconds)


def _classes(found: Mapping[tuple[str, str], list[float]]) -> dict[str, float]:
    per_class = {key: values for key, values in found.items() if key[1].startswith(_PER_CLASS)}
    several = len({task for task, _ in per_class}) > 1
    names = {key: key[1].removeprefix(_PER_CLASS) for key in per_class}
    return {f"{k[0]} {names[k]}" if several else names[k]: float(np.mean(v)) for k, v in per_class.items()}


def _compare(other: str, arms: Mapping[str, Arm], read: Mapping[str, _Scores], greater: bool) -> Comparison:
    a, b = arms["distilled"].headline.values, arms[other].headline.values
    over_seeds = paired_difference(a, b, greater_is_better=greater)
    first, second = read["distilled"], read[other]
    several = first.names == second.names and len(first.names) > 1
    over_splits = paired_difference(first.splits, second.splits, greater_is_better=greater) if several else None
    return Comparison(other, over_seeds, over_splits)
