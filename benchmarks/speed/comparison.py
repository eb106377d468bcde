"""Other ways of the same work: asked whether they say the same as ours, then timed in turns with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xmodal.benchmarks.speed.interleaved import interleaved, times_faster
from xmodal.benchmarks.speed.results import Figure

Answer = Sequence[NDArray[Any]]
OURS = "ours"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Ways of one piece of work.

    Attributes:
        part, case: what is measured, by its part of the bench and within it.
        unit: what is counted: "points", "rays".
        calls: by side, ours among them; each does all its work and returns what it found, in one form.
        count: by side: how many units a call works through.
        tolerance: the largest difference between two sides' answers, as a share of the largest number.
    """

    part: str
    case: str
    unit: str
    calls: Mapping[str, Callable[[], Answer]]
    count: Mapping[str, int]
    tolerance: float = 0.0

    def check(self) -> None:
        """Raise ValueError unless all sides answer alike."""
        ours = self.calls[OURS]()
        for side in self.others:
            agree(f"{self.part}, {self.case}: {side}", ours, self.calls[side](), tolerance=self.tolerance)

    @property
    def others(self) -> list[str]:
        return [side for side in self.calls if side != OURS]

    def row(self, *, rounds: int) -> dict[str, Any]:
        """What every side gets done in a second, and how many times faster ours is than each other one."""
        self.check()
        # By twos: of three in a circle one would always follow the side that leaves the caches empty.
        runs = [self._each((OURS, side), rounds) for side in self.others] or [self._each((OURS,), rounds)]
        others = dict(zip(self.others, runs, strict=False))
        own = [seconds for run in runs for seconds in run[OURS]]
        return {
            "part": self.part,
            "case": self.case,
            "unit": self.unit,
            "rounds": rounds,
            "count": dict(self.count),
            "per_second": {OURS: 1 / median(own)} | {side: 1 / median(run[side]) for side, run in others.items()},
            "faster": {side: times_faster(run[OURS], run[side]) for side, run in others.items()},
        }

    def _each(self, sides: Sequence[str], rounds: int) -> dict[str, list[float]]:
        """Seconds a unit of each side in each round."""
        taken = interleaved({side: self.calls[side] for side in sides}, rounds=rounds)
        return {side: [s / self.count[side] for s in seconds] for side, seconds in taken.items()}


def agree(where: str, ours: Answer, other: Answer, *, tolerance: float = 0.0) -> None:
    """Raise ValueError, with the first array that differs, unless two answers are the same; NaN equals NaN."""
    if len(ours) != len(other):
        raise ValueError(f"{where}: expected {len(ours)} arrays, found {len(other)}")
    for number, (a, b) in enumerate(zip(ours, other, strict=True)):
        if a.shape != b.shape:
            raise ValueError(f"{where}: array {number}: expected {list(a.shape)}, found {list(b.shape)}")
        room = tolerance * float(np.abs(a[np.isfinite(a)]).max(initial=0)) if tolerance else 0.0
        if not np.allclose(a, b, rtol=0, atol=room, equal_nan=True):
            apart = int((~np.isclose(a, b, rtol=0, atol=room, equal_nan=True)).sum())
            raise ValueError(f"{where}: array {number}: expected what ours found, found {apart} of {a.size} others")


def figures(rows: Sequence[Mapping[str, Any]]) -> list[Figure]:
    """Of each row what ours gets done, and each ratio."""
    found = []
    for row in rows:
        name = f"{row['part']}, {row['case']}"
        found.append(Figure(name, row["per_second"][OURS], f"{row['unit']}/s"))
        for side, r in row["faster"].items():
            found.append(Figure(f"{name}: times faster than {side}", r["ratio"], "x", r["low"], r["high"]))
    return found


def shown(row: Mapping[str, Any]) -> str:
    """A row of the table, under `HEAD`."""
    ratios = (f"{r['ratio']:.2f}x [{r['low']:.2f}, {r['high']:.2f}] {side}" for side, r in row["faster"].items())
    per_second = f"{row['per_second'][OURS]:,.{0 if row['per_second'][OURS] >= 100 else 1}f} {row['unit']}/s"
    return f"{row['part']:<11}{row['case']:<34}{per_second:>20}  {'  '.join(ratios)}".rstrip()


HEAD = f"{'part':<11}{'case':<34}{'ours':>20}  times faster than"
