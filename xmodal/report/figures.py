"""The two figures of a report as SVG: dots with whiskers, and lines over steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xmodal.report.axis import Axis, axis
from xmodal.report.markup import Html, element, text
from xmodal.report.numbers import number
from xmodal.report.statistics import Interval

_COLOURS = {
    "student": "#64748b",
    "self": "#b4559c",
    "shuffled": "#d97706",
    "distilled": "#0f8a6d",
    "teacher": "#2563eb",
}
_FURTHER = ("#0891b2", "#7c3aed", "#be123c", "#4d7c0f")
_INK, _GRID = "#475569", "#e2e8f0"


def colours(arms: Sequence[str]) -> dict[str, str]:
    """By arm, its colour: the same in every figure."""
    others = [arm for arm in arms if arm not in _COLOURS]
    return _COLOURS | {arm: _FURTHER[i % len(_FURTHER)] for i, arm in enumerate(others)}


@dataclass(frozen=True, slots=True)
class Dot:
    """One row: a mean, its interval, and the single values behind it."""

    label: str
    mean: float
    interval: Interval | None
    values: Sequence[float]
    colour: str


def dots(rows: Sequence[Dot], name: str, *, zero: bool = False) -> Html:
    """A row each with a dot at the mean, a whisker for the interval and small dots for the values.

    Args:
        name: of the quantity on the x axis.
        zero: draw a line at zero, and let the axis hold it.
    """
    width, row_height, left, top = 460, 30, 12 + 7.4 * max(len(row.label) for row in rows), 8
    bottom = top + row_height * len(rows)
    shown = [v for row in rows for v in (row.mean, *row.values)]
    shown += [v for row in rows if row.interval for v in (row.interval.low, row.interval.high)]
    across = axis([*shown, 0.0] if zero else shown, left, width - 14)
    parts = _bottom_axis(across, top, bottom, name)
    if zero:
        parts.append(_line(across(0), top, across(0), bottom, "#334155", 1.2))
    for index, row in enumerate(rows):
        y = top + row_height * (index + 0.5)
        label = {"x": left - 10, "y": y + 4, "text_anchor": "end", "fill": _INK}
        parts.append(element("text", text(row.label), **label))
        parts.append(_row(row, across, y))
    return _svg(parts, width, bottom + 42, name)


@dataclass(frozen=True, slots=True)
class Line:
    """A curve: the smoothed values over the raw ones, drawn faintly."""

    label: str
    x: Sequence[float]
    raw: Sequence[float]
    smooth: Sequence[float]
    colour: str


def lines(curves: Sequence[Line], name: str) -> Html:
    """Curves over steps; the y axis is logarithmic where the values span far more than one power of ten."""
    width, height, left, right, top, bottom = 340, 206, 50, 330, 8, 164
    across = axis([v for c in curves for v in c.x], left, right, margin=0.0)
    up = axis([v for c in curves for v in c.raw], bottom, top, may_be_log=True)
    write = up.label()
    parts = []
    for tick in up.ticks():
        parts.append(_line(left, up(tick), right, up(tick), _GRID, 1))
        parts.append(_tick(write(tick), left - 6, up(tick) + 4, "end"))
    parts += _bottom_axis(across, bottom, bottom, "step", ticks=4)
    for curve in curves:
        parts.append(_curve(curve.x, curve.raw, (across, up), curve, faint=True))
    for curve in curves:
        parts.append(_curve(curve.x, curve.smooth, (across, up), curve, faint=False))
    return _svg(parts, width, height, name)


def _row(row: Dot, across: Axis, y: float) -> Html:
    parts = [element("title", text(f"{row.label}: {number(row.mean)}"))]
    if row.interval is not None:
        low, high = across(row.interval.low), across(row.interval.high)
        parts.append(_line(low, y, high, y, row.colour, 2.5))
        parts += [_line(x, y - 7, x, y + 7, row.colour, 2) for x in (low, high)]
    if len(row.values) > 1:
        parts += [_circle(across(v), y, 3, row.colour, 0.35) for v in row.values]
    parts.append(_circle(across(row.mean), y, 5, row.colour, 1.0))
    return element("g", *parts)


def _bottom_axis(across: Axis, top: float, bottom: float, name: str, ticks: int = 5) -> list[Html]:
    write, parts = across.label(ticks), []
    for tick in across.ticks(ticks):
        parts.append(_line(across(tick), top, across(tick), bottom + 4, _GRID, 1))
        parts.append(_tick(write(tick), across(tick), bottom + 18, "middle"))
    parts.append(_line(across.start, bottom, across.end, bottom, "#94a3b8", 1))
    parts.append(_tick(name, (across.start + across.end) / 2, bottom + 35, "middle"))
    return parts


def _curve(x: Sequence[float], y: Sequence[float], axes: tuple[Axis, Axis], line: Line, *, faint: bool) -> Html:
    opacity = 0.25 if faint else 1.0
    points = [(axes[0](a), axes[1](b)) for a, b in zip(x, y, strict=True)]
    if len(points) == 1:
        return _circle(*points[0], 3, line.colour, opacity)
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
    return element(
        "polyline",
        element("title", text(line.label)),
        points=path,
        fill="none",
        stroke=line.colour,
        stroke_width=1 if faint else 2,
        stroke_opacity=opacity,
        stroke_linejoin="round",
    )


def _svg(parts: Sequence[Html], width: float, height: float, name: str) -> Html:
    return element("svg", *parts, viewBox=f"0 0 {width:g} {height:g}", role="img", aria_label=name)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float) -> Html:
    ends = {"x1": f"{x1:.1f}", "y1": f"{y1:.1f}", "x2": f"{x2:.1f}", "y2": f"{y2:.1f}"}
    return element("line", stroke=colour, stroke_width=width, **ends)


def _circle(x: float, y: float, radius: float, colour: str, opacity: float) -> Html:
    return element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=radius, fill=colour, fill_opacity=opacity)


def _tick(content: str, x: float, y: float, anchor: str) -> Html:
    return element("text", text(content), x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor, class_="tick")
