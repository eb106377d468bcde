"""The table of a result: on the console, and as Markdown for a README."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from xmodal.report.findings import findings
from xmodal.report.numbers import UNKNOWN, count, difference, number, percent, score
from xmodal.report.statistics import Estimate
from xmodal.report.summary import Arm, Comparison, Group, Summary, summarise


def print_tables(result: Mapping[str, Any], console: Console) -> None:
    """One table a group, below it the paired differences, the gap recovered, and what they do not show.

    Args:
        result: the content of result.json.

    Raises:
        DataError: a field is missing or of the wrong kind.
    """
    summary = summarise(result)
    for group in summary.groups:
        title = " · ".join(_titles(summary, group))
        table = Table(title=Text(title), title_justify="left", caption=_caption(summary), caption_justify="left")
        table.add_column("arm")
        for column in header(summary, group)[1:]:
            table.add_column(Text(column), justify="right")
        for arm in group.arms:
            style = "bold" if arm.name == "distilled" else ""
            table.add_row(*(Text(cell) for cell in cells(arm, group)), style=style)
        console.print(table)
        lines = Table.grid(padding=(0, 2))
        for line in difference_lines(summary, group):
            lines.add_row(*(Text(part) for part in line))
        if lines.row_count:
            console.print(lines)
        if summary.left_out:
            console.print(
                Text(f"{summary.left_out} samples could not be read: left out (left_out.json)"), style="yellow"
            )
        for found in findings(summary, group):
            console.print(Text(found.text, style="green" if found.good else "yellow"))
        console.print()


def markdown_table(result: Mapping[str, Any]) -> str:
    """The same as Markdown: a table a group, then a list of the differences and of what they do not show.

    Raises:
        DataError: a field is missing or of the wrong kind.
    """
    summary = summarise(result)
    parts = []
    for group in summary.groups:
        names = header(summary, group)
        rows = [cells(arm, group) for arm in group.arms]
        marked = [[f"**{c}**" for c in row] if row[0] == "distilled" else row for row in rows]
        rule = ["---", *["---:"] * (len(names) - 1)]
        table = "\n".join("| " + " | ".join(_cell(c) for c in row) + " |" for row in [names, rule, *marked])
        said = [f"{what.strip()}: {value} ({how})" for what, value, how in difference_lines(summary, group)]
        lines = "\n".join(f"- {line}" for line in [*said, *(f.text for f in findings(summary, group))])
        head = f"**{' · '.join(_titles(summary, group))}** ({_caption(summary)})"
        parts.append("\n\n".join(part for part in (head, table, lines) if part))
    return "\n\n".join(parts) + "\n"


def header(summary: Summary, group: Group) -> list[str]:
    """The names of the columns of a group's table."""
    return ["arm", headline(summary), *group.columns, "training [s]"]


def headline(summary: Summary) -> str:
    """The headline metric, with an arrow that points to better."""
    return f"{summary.metric} {'↑' if summary.greater_is_better else '↓'}"


def cells(arm: Arm, group: Group) -> list[str]:
    """One row of a group's table."""
    unknown = Estimate(float("nan"), None, ())
    others = [score(arm.others.get(column, unknown)) for column in group.columns]
    seconds = UNKNOWN if arm.seconds is None else f"{arm.seconds:.0f}" if arm.seconds >= 10 else f"{arm.seconds:.1f}"
    return [arm.name, score(arm.headline), *others, seconds]


def difference_lines(summary: Summary, group: Group) -> list[tuple[str, str, str]]:
    """(what, value, how often) for each paired difference and each gap."""
    lines = []
    for comparison in group.comparisons:
        over = comparison.over_seeds
        what = f"distilled - {comparison.other}"
        lines.append((what, difference(over), f"better in {over.better} of {count(over.count, 'seed')}"))
        lines += _split_line(comparison, group, len(summary.seeds))
    for teacher, gap in group.gaps.items():
        what = "gap recovered" if len(group.gaps) == 1 else f"gap to {teacher} recovered"
        lines.append((what, "none" if gap is None else percent(gap), _gap(teacher, gap, group)))
    return lines


def _split_line(comparison: Comparison, group: Group, seeds: int) -> list[tuple[str, str, str]]:
    over = comparison.over_splits
    if over is None:
        return []
    how = f"better in {over.better} of {over.count}"
    return [(f"  over {len(group.splits)} splits x {count(seeds, 'seed')}", difference(over), how)]


def _gap(teacher: str, gap: float | None, group: Group) -> str:
    student, best = group.arm("student"), group.arm(teacher)
    assert student is not None
    assert best is not None
    if gap is None:
        return f"the {teacher} is not better than the student"
    return f"of the way from student {number(student.headline.mean)} to {teacher} {number(best.headline.mean)}"


def _titles(summary: Summary, group: Group) -> list[str]:
    several = len(summary.groups) > 1 or group.name != "all"
    titles = [summary.benchmark, group.name if several else "", summary.task]
    return [*(t for t in titles if t), count(len(summary.seeds), "seed")]


def _caption(summary: Summary) -> str:
    if not summary.seeds:
        return "no seed is complete yet"
    means = "mean" if len(summary.seeds) == 1 else "mean over seeds [95 % bootstrap interval]"
    signs = "" if summary.greater_is_better else "; lower is better, differences are signed so that + is better"
    return f"{means}{signs}"


def _cell(content: str) -> str:
    return content.replace("|", "\\|")
