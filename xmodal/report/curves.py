"""Curves over the steps of training: the loss, its terms, the learning rate, the time spent waiting for data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from xmodal.report.figures import Line, colours, lines
from xmodal.report.markup import Html, element, text
from xmodal.report.metrics_log import Row
from xmodal.report.summary import ordered

Curve = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Steps and values, [n] each."""

_POINTS = 240  # more than a figure has pixels to tell apart
_UNSMOOTHED = ("learning_rate",)
_NAMES = {"learning_rate": "learning rate", "data_wait": "share of time waiting for data"}


def first_curves(rows: Sequence[Row]) -> tuple[str, dict[str, dict[str, Curve]]]:
    """Of the first seed and split: its name, and by quantity, by arm, the curve.

    "loss" comes first, learning rate and data wait last, the terms between them as they first appear.
    """
    if not rows:
        return "", {}
    seed = min(row.seed for row in rows)
    split = next(row.split for row in rows if row.seed == seed)
    found: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for row in (r for r in rows if (r.seed, r.split) == (seed, split)):
        for name, value in row.numbers.items():
            found.setdefault(name, {}).setdefault(row.arm, []).append((row.step, value))
    terms = [name for name in found if name not in ("loss", *_NAMES)]
    names = [name for name in ("loss", *terms, *_NAMES) if name in found]
    by_name = {name: {arm: _curve(found[name][arm]) for arm in ordered(list(found[name]))} for name in names}
    return f"seed {seed}, {split}", by_name


def smooth(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """The running mean [n] over `window` values around each; near the ends over those that are there."""
    reach = window // 2
    sums = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(len(values))
    first, last = np.maximum(at - reach, 0), np.minimum(at + reach + 1, len(values))
    means: NDArray[np.float64] = (sums[last] - sums[first]) / (last - first)
    # After one huge value (a loss that ran away) differences of sums lose all digits, and may fall to 0 or below.
    return means.clip(values.min(initial=np.inf), values.max(initial=-np.inf))


def thin(curve: Curve, points: int = _POINTS) -> Curve:
    """A long curve as the means of `points` stretches of equal length."""
    steps, values = curve
    if len(steps) <= points:
        return curve
    bounds = np.linspace(0, len(steps), points + 1).astype(int)
    lengths = np.diff(bounds)
    return np.add.reduceat(steps, bounds[:-1]) / lengths, np.add.reduceat(values, bounds[:-1]) / lengths


def curve_figures(curves: Mapping[str, Mapping[str, Curve]]) -> Html:
    """A legend, and a figure for each quantity."""
    arms = ordered(list(dict.fromkeys(arm for by_arm in curves.values() for arm in by_arm)))
    paint = colours(arms)
    legend = [element("span", element("i", style=f"background:{paint[arm]}"), text(arm)) for arm in arms]
    figures = []
    for name, by_arm in curves.items():
        drawn = lines([_line(arm, name, curve, paint[arm]) for arm, curve in by_arm.items()], _NAMES.get(name, name))
        figures.append(element("figure", element("figcaption", text(_NAMES.get(name, name))), drawn))
    return Html(element("p", *legend, class_="legend") + element("div", *figures, class_="grid"))


def _curve(points: list[tuple[int, float]]) -> Curve:
    table = np.array(points, dtype=np.float64)
    table = table[np.argsort(table[:, 0], kind="stable")]
    return table[:, 0], table[:, 1]


def _line(arm: str, name: str, curve: Curve, colour: str) -> Line:
    steps, values = thin(curve)
    window = 1 if name in _UNSMOOTHED else max(3, len(steps) // 16)
    return Line(arm, steps.tolist(), values.tolist(), smooth(values, window).tolist(), colour)
