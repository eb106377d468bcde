"""`result.json`: every arm's score for each seed, and what is needed to read it years later."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from xmodal.data.benchmark import Benchmark, Split
from xmodal.engine.evaluate import Answers, join, scores
from xmodal.files import write_json

Outcomes = Mapping[tuple[int, str, str], Mapping[str, Answers]]
"""By (seed, split, arm): by task, the answers."""


def summarise(
    name: str,
    benchmark: Benchmark,
    outcomes: Outcomes,
    splits: Sequence[Split],
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    """The content of result.json from all outcomes so far; seeds that are not complete are left out.

    Args:
        splits: of the benchmark. The group of the first one gives the table "arms".
        seconds: by arm: training time, summed over seeds and splits.
    """
    arms = list(dict.fromkeys(arm for _, _, arm in outcomes))
    groups: dict[str, list[str]] = {}
    for split in splits:
        groups.setdefault(split.group, []).append(split.name)
    seeds = sorted({seed for seed, _, _ in outcomes})
    seeds = [s for s in seeds if all((s, split.name, arm) in outcomes for split in splits for arm in arms)]
    task, metric = benchmark.headline

    def row(names: Sequence[str], arm: str) -> dict[str, Any]:
        each = {s: [scores(benchmark, outcomes[seed, s, arm])[task][metric] for seed in seeds] for s in names}
        return {"metrics": [_pooled(benchmark, outcomes, seed, names, arm) for seed in seeds], "splits": each}

    tables = {group: {arm: row(names, arm) for arm in arms} for group, names in groups.items()}
    first = next(iter(tables.values()))
    return {
        "benchmark": name,
        "task": task,
        "metric": metric,
        "greater_is_better": benchmark.tasks[task].greater_is_better,
        "arms": {arm: [m[task][metric] for m in row["metrics"]] for arm, row in first.items()},
        "groups": tables,
        "samples": {split.name: _samples(split) for split in splits},
        "seeds": seeds,
        "versions": versions(),
        "seconds": round(sum(seconds.values()), 1),
        "seconds_by_arm": {arm: round(s, 1) for arm, s in seconds.items()},
    }


def _samples(split: Split) -> dict[str, int]:
    parts: dict[str, Sequence[Any]] = {
        "train": split.train,
        "labelled": split.labelled,
        "val": split.val,
        "test": split.test,
    }
    if split.teacher_labelled is not None:
        parts["teacher_labelled"] = split.teacher_labelled
    return {name: len(part) for name, part in parts.items()}


def _pooled(
    benchmark: Benchmark, outcomes: Outcomes, seed: int, splits: Sequence[str], arm: str
) -> dict[str, dict[str, float]]:
    parts = [outcomes[seed, split, arm] for split in splits]
    return scores(benchmark, {task: join([p[task] for p in parts]) for task in benchmark.tasks})


def versions() -> dict[str, str]:
    """Of Python and the packages that results depend on."""
    found = {"python": platform.python_version()}
    for package in ("xmodal", "torch", "timm", "numpy", "spconv"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def write(folder: Path, result: Mapping[str, Any]) -> None:
    write_json(folder / "result.json", result)
