"""The report's tables and figures of one group: arms, paired differences, classes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from xmodal.report.figures import Dot, colours, dots
from xmodal.report.findings import findings
from xmodal.report.markup import Html, element, table, text, together
from xmodal.report.numbers import difference, interval, number, percent, signed
from xmodal.report.statistics import Difference
from xmodal.report.summary import Group, Summary
from xmodal.report.table import cells, difference_lines, header


def group_section(summary: Summary, group: Group) -> Html:
    """Everything about one group of splits."""
    several = len(summary.groups) > 1 or group.name != "all"
    parts = [element("h2", text(f"Results: {group.name}" if several else "Results"))]
    for found in findings(summary, group):
        parts.append(element("p", text(found.text), class_="finding good" if found.good else "finding"))
    if summary.seeds:
        parts += [element("h3", text("Arms")), _arms(summary, group), _note(summary, group)]
        parts += [_figures(summary, group), _differences(summary, group), _classes(group)]
    return element("section", *parts)


def tiles(summary: Summary, group: Group) -> Html:
    """The few numbers that most readers came for."""
    shown: list[tuple[str, str, str]] = []
    for name, label in (("student", "student alone"), ("distilled", "distilled"), ("teacher", "teacher")):
        arm = group.arm(name)
        if arm is not None and summary.seeds:
            shown.append((number(arm.headline.mean), f"{summary.metric}, {label}", interval(arm.headline.interval)))
    for comparison in group.comparisons[:1]:
        sign = "" if summary.greater_is_better else " (+ is better)"
        over = comparison.over_seeds
        bounds = difference(over).removeprefix(signed(over.mean))
        shown.append((signed(over.mean), f"distilled - {comparison.other}{sign}", bounds))
    gaps = [gap for gap in group.gaps.values() if gap is not None]
    if gaps:
        shown.append((percent(gaps[0]), "of the gap to the teacher recovered", ""))
    boxes = [
        element("div", element("b", text(value)), *(element("span", text(line)) for line in lines), class_="tile")
        for value, *lines in shown
    ]
    return element("div", *boxes, class_="tiles") if boxes else Html("")


def _arms(summary: Summary, group: Group) -> Html:
    rows = [[_cell(cell) for cell in cells(arm, group)] for arm in group.arms]
    strong = next((i for i, arm in enumerate(group.arms) if arm.name == "distilled"), -1)
    return table(header(summary, group), rows, strong=strong)


def _cell(content: str) -> Html:
    """An interval stands smaller beside its mean."""
    mean, bracket, rest = content.partition(" [")
    return Html(text(mean) + element("small", text(f"[{rest}"))) if bracket else text(content)


def _note(summary: Summary, group: Group) -> Html:
    said = [_labelled(group.samples)] if group.samples else []
    if group.taught:
        said.append(f"Teachers trained on the labels of {_span(group.taught)}.")
    if summary.left_out:
        said.append(f"{summary.left_out} samples could not be read and were left out of every arm (left_out.json).")
    if len(summary.seeds) > 1:
        said.append("Mean over seeds, with its 95 % bootstrap interval.")
    if len(group.splits) > 1:
        said.append(f"{len(group.splits)} splits scored together: {', '.join(group.splits)}.")
    if not summary.greater_is_better:
        said.append(f"{summary.metric}: lower is better.")
    if any(arm.seconds is not None for arm in group.arms):
        parts = ["seeds"] * (len(summary.seeds) > 1) + ["splits"] * (_splits(summary) > 1)
        said += [f"Training time is over all {' and '.join(parts)}."] if parts else []
    return element("p", text(" ".join(said)), class_="note") if said else Html("")


def _labelled(samples: Sequence[tuple[int, int]]) -> str:
    """How many training samples have labels; "60 of 600", or a span where splits differ."""
    labelled, train = ([pair[i] for pair in samples] for i in (0, 1))
    return f"{_span(labelled)} of {_span(train)} training samples are labelled{' in each split' * (len(samples) > 1)}."


def _span(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _figures(summary: Summary, group: Group) -> Html:
    paint = colours([arm.name for arm in group.arms])
    rows = [
        Dot(arm.name, arm.headline.mean, arm.headline.interval, _finite(arm.headline.values), paint[arm.name])
        for arm in group.arms
        if math.isfinite(arm.headline.mean)
    ]
    shown = []
    if rows:
        shown.append(_figure(f"{summary.metric} by arm", dots(rows, summary.metric)))
    pairs = [c for c in group.comparisons if math.isfinite(c.over_seeds.mean)]
    if pairs:
        compared = []
        for c in pairs:
            compared.append(_difference_dot(f"- {c.other}", c.over_seeds, paint[c.other]))
            if c.over_splits is not None and math.isfinite(c.over_splits.mean):
                compared.append(_difference_dot("by split", c.over_splits, paint[c.other]))
        name = f"difference in {summary.metric}" + ("" if summary.greater_is_better else " (+ is better)")
        shown.append(_figure("distilled minus each other arm, paired", dots(compared, name, zero=True)))
    return element("div", *shown, class_="pair")


def _difference_dot(label: str, over: Difference, colour: str) -> Dot:
    return Dot(label, over.mean, over.interval, _finite(over.values), colour)


def _figure(caption: str, drawn: Html) -> Html:
    return element("figure", element("figcaption", text(caption)), drawn)


def _differences(summary: Summary, group: Group) -> Html:
    lines = difference_lines(summary, group)
    if not lines:
        return Html("")
    rows = [[text(what), _cell(value), text(how)] for what, value, how in lines]
    return Html(element("h3", text("Paired differences")) + table(["", "difference", ""], rows, words=2))


def _classes(group: Group) -> Html:
    """IoU of each class by arm, mean over seeds."""
    if not group.classes:
        return Html("")
    student, distilled = group.arm("student"), group.arm("distilled")
    names = ["class", *(arm.name for arm in group.arms)]
    compared = student is not None and distilled is not None
    rows = []
    for name in group.classes:
        row = [text(name), *(text(number(arm.classes.get(name, math.nan))) for arm in group.arms)]
        if student is not None and distilled is not None:
            gain = distilled.classes.get(name, math.nan) - student.classes.get(name, math.nan)
            way = "up" if gain >= 0.0005 else "down" if gain <= -0.0005 else ""
            row.append(element("span", text(signed(gain)), class_=way))
        rows.append(row)
    head = element("h3", text("IoU by class"))
    return together([head, table([*names, "distilled - student"] if compared else names, rows)])


def _splits(summary: Summary) -> int:
    return sum(len(group.splits) for group in summary.groups)


def _finite(values: tuple[float, ...]) -> list[float]:
    return [v for v in values if math.isfinite(v)]
