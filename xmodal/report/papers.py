"""The table of published systems and of what was measured with them: docs/papers.md and `xmodal list papers`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from xmodal.engine.papers import Paper

HEAD = """# Published systems

Each row is one file in `configs/papers`: the smallest instance of the system's mechanism on a benchmark that is at
hand, not its authors' experiment. Scores are means over the seeds; student and teacher learn from labels alone, with
the same labels and steps as the distilled student. "Helps" means: better than the student alone in every seed. Made by

    xmodal bench papers --seeds 0 1 2

Evidence: `exact` from the authors' code, `paper` from the full text, `described` a re-implementation from the
description, `ancestor` the equations of an older method, `recalled` the standard equation.
"""
COLUMNS = ("config", "system", "sensors", "evidence", "benchmark", "metric", "student", "distilled", "teacher")


def page(papers: Sequence[Paper], rows: Mapping[str, Mapping[str, Any]]) -> str:
    """docs/papers.md: every system, those that were not measured too."""
    head = [*COLUMNS, "gain", "verdict", "s a seed", "commit"]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * 6}{'---:|' * 4}---|---:|---|"]
    for paper in papers:
        row = rows.get(paper.name)
        cells = [f"`{paper.name}`", paper.system, paper.sensors, paper.evidence]
        cells += _figures(row) if row else ["", "", "", "", "", "", "not measured", "", ""]
        lines.append(f"| {' | '.join(cells)} |")
    return f"{HEAD}\n" + "\n".join(lines) + "\n"


def _figures(row: Mapping[str, Any]) -> list[str]:
    arms = row["arms"]
    scores = [f"{mean(arms[arm]):.3f}" if arms.get(arm) else "-" for arm in ("student", "distilled", "teacher")]
    return [
        row["benchmark"],
        row["metric"],
        *scores,
        f"{gain(row):+.3f}",
        verdict(row),
        f"{row['seconds']:.0f}",
        f"`{row['commit']}`",
    ]


def gain(row: Mapping[str, Any]) -> float:
    """Distilled minus student alone, mean over seeds; above zero is better whatever the metric."""
    return mean(_differences(row))


def verdict(row: Mapping[str, Any]) -> str:
    """What the seeds allow to say."""
    differences = _differences(row)
    if all(d > 0 for d in differences):
        return "helps"
    return "harms" if all(d < 0 for d in differences) else "no clear gain"


def _differences(row: Mapping[str, Any]) -> list[float]:
    sign = 1 if row["greater_is_better"] else -1
    pairs = zip(row["arms"]["distilled"], row["arms"]["student"], strict=True)
    return [sign * (distilled - student) for distilled, student in pairs]
