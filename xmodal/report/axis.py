"""An axis of a figure: from values to pixels, with ticks at round numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

_NOTHING = 1e-200  # steps below this would have ticks that no float can tell apart
_LOG_FROM = 30.0  # a positive quantity that falls by more than this is unreadable on a linear axis


@dataclass(frozen=True, slots=True)
class Axis:
    """Maps [low, high] to the pixels [start, end]; logarithmic if `log`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high, v = (math.log(x) for x in (self.low, self.high, value)) if self.log else (self.low, self.high, value)
        return self.start + (v - low) / (high - low) * (self.end - self.start)

    def ticks(self, wanted: int = 5) -> list[float]:
        """About `wanted` round values inside the axis."""
        if not self.log:
            return linear_ticks(self.low, self.high, wanted)
        for digits in ((1,), (1, 3), (1, 2, 5)):
            ticks = _log_ticks(self.low, self.high, digits)
            if len(ticks) >= 3:
                return ticks[:: max(1, math.ceil(len(ticks) / (wanted + 1)))]
        return ticks or [self.low, self.high]

    def label(self, wanted: int = 5) -> Callable[[float], str]:
        """Writes the ticks with as many decimals as tell them apart."""
        ticks = self.ticks(wanted)
        step = min((b - a for a, b in pairwise(ticks)), default=1.0)
        size = max(abs(t) for t in ticks)
        if size and (size < 1e-3 or size >= 1e6):
            return lambda v: "0" if v == 0 else f"{v:.1e}".replace(".0e", "e").replace("e-0", "e-").replace("e+0", "e")
        if self.log:
            return lambda v: f"{v:g}"
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        return lambda v: f"{v:.{decimals}f}"


def axis(values: Sequence[float], start: float, end: float, *, margin: float = 0.05, may_be_log: bool = False) -> Axis:
    """An axis that holds all values with some margin; a single value gets room around it."""
    low, high = min(values), max(values)
    if may_be_log and low > 0 and high / low > _LOG_FROM:
        return Axis(low, high, start, end, log=True)
    if high - low <= max(1e-9 * max(abs(low), abs(high)), _NOTHING):
        room = 0.5 * abs(low) if abs(low) > _NOTHING else 1.0
        low, high = low - room, high + room
    room = margin * (high - low)
    return Axis(low - room, high + room, start, end)


def linear_ticks(low: float, high: float, wanted: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten in [low, high]."""
    raw = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [i * step for i in range(first, math.floor(high / step + 1e-9) + 1)]


def _log_ticks(low: float, high: float, digits: Sequence[int]) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [digit * 10.0**power for power in powers for digit in digits]
    return [t for t in ticks if low * (1 - 1e-9) <= t <= high * (1 + 1e-9)]
