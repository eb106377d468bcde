"""Reads `metrics.jsonl`; damaged lines are skipped and counted."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LARGEST = 1e39
"""No number of float32 is larger: one that is was damaged."""
_LABELS = ("seed", "split", "arm", "step")


@dataclass(frozen=True, slots=True)
class Row:
    """One report of the training loop: loss, terms, learning_rate, data_wait by name."""

    seed: int
    split: str
    arm: str
    step: int
    numbers: dict[str, float]


def read_metrics(path: Path) -> tuple[list[Row], list[str]]:
    """All whole rows, and notes in words on what is missing."""
    if not path.is_file():
        return [], [f"{path.name} is missing: there are no curves."]
    rows, damaged = [], []
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not line.strip():
            continue
        row = _row(line)
        if row is None:
            damaged.append(number)
        else:
            rows.append(row)
    if not damaged:
        return rows, []
    lines = "1 damaged line" if len(damaged) == 1 else f"{len(damaged)} damaged lines"
    return rows, [f"{path.name}: {lines} skipped (the first is line {damaged[0]})."]


def _row(line: bytes) -> Row | None:
    try:
        found: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    seed, split, arm, step = (found.get(name) for name in _LABELS)
    if not (isinstance(seed, int) and isinstance(split, str) and isinstance(arm, str) and isinstance(step, int)):
        return None
    numbers = {name: value for name, value in found.items() if name not in _LABELS}
    if any(isinstance(v, bool) or not isinstance(v, (int, float)) for v in numbers.values()):
        return None
    if any(LARGEST < abs(v) < math.inf for v in numbers.values()):
        return None
    try:
        return Row(seed, split, arm, step, {k: float(v) for k, v in numbers.items() if math.isfinite(v)})
    except OverflowError:
        return None
