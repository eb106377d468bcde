"""How reports write numbers: scores, signed differences, intervals, shares, durations."""

from __future__ import annotations

import math

from xmodal.report.statistics import Difference, Estimate, Interval

UNKNOWN = "–"  # noqa: RUF001 - an en dash, as tables have it


def number(value: float) -> str:
    """Three decimals for scores, fewer for large values; a dash for what is unknown."""
    if not math.isfinite(value):
        return UNKNOWN
    return f"{value:.{_decimals(value)}f}"


def signed(value: float) -> str:
    """As `number`, with its sign; a difference too small for three decimals keeps one digit."""
    if not math.isfinite(value):
        return UNKNOWN
    if 0 < abs(value) < 0.0005:
        return f"{value:+.0e}"
    return f"{value:+.{_decimals(value)}f}"


def score(value: Estimate) -> str:
    """ "0.553 [0.541, 0.566]", or the mean alone."""
    return number(value.mean) + interval(value.interval)


def difference(value: Difference) -> str:
    """ "+0.041 [+0.030, +0.052]", or the mean alone."""
    bounds = value.interval
    return signed(value.mean) + (f" [{signed(bounds.low)}, {signed(bounds.high)}]" if bounds else "")


def interval(bounds: Interval | None) -> str:
    """ " [0.541, 0.566]", or nothing."""
    return f" [{number(bounds.low)}, {number(bounds.high)}]" if bounds else ""


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def count(amount: int, thing: str) -> str:
    """ "1 seed", "3 seeds"."""
    return f"{amount} {thing}{'' if amount == 1 else 's'}"


def duration(seconds: float | None) -> str:
    """ "42 s", "12 min 5 s", "3 h 20 min"."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(whole / 60)
    return f"{minutes // 60} h {minutes % 60} min"


def _decimals(value: float) -> int:
    size = abs(value)
    return 3 if size < 10 else 2 if size < 100 else 1 if size < 1000 else 0
