"""How the time of an epoch grows with the samples, the teachers and the tokens.

    python -m xmodal.benchmarks.speed.growth --json growth.json

The nets are tiny, so that what xmodal does between them counts. Of each quantity all sizes are trained in turns; the
exponent is the slope of the line of least squares through log(seconds) over log(size), 1 where twice as much takes
twice as long. Small sizes lower it: a part of every step does not grow. "last" is the exponent of the last two sizes.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from xmodal.benchmarks.speed.growth_case import SEED, Case
from xmodal.benchmarks.speed.interleaved import Array, bootstrapped, in_turns
from xmodal.benchmarks.speed.results import Figure, conditions, write
from xmodal.errors import ConfigError

SIZES: Mapping[str, tuple[int, ...]] = {
    "samples": (128, 256, 512, 1024),
    "teachers": (1, 2, 4, 8),
    "tokens": (256, 512, 1024, 2048),
    "clock": (64, 128, 256, 512),
}
"""Of what grows; "clock" are tokens again, of two sensors, that are paired by their times."""
BASE = Case(samples=64, teachers=1, tokens=64)


def cases(what: str, sizes: Sequence[int]) -> dict[int, Case]:
    """By size: the base with that much of one quantity."""
    made = {
        "samples": lambda size: Case(size, BASE.teachers, BASE.tokens),
        "teachers": lambda size: Case(BASE.samples, size, BASE.tokens),
        "tokens": lambda size: Case(BASE.samples, BASE.teachers, size),
        "clock": lambda size: Case(BASE.samples, BASE.teachers, size, "clock"),
    }
    return {size: made[what](size) for size in sizes}


def exponent(sizes: Sequence[int], seconds: Sequence[Sequence[float]]) -> dict[str, float]:
    """The slope in the log-log plane through the medians over rounds, with a 95 % interval from rounds drawn anew.

    Args:
        seconds: of each size, one a round.

    Raises:
        ConfigError: fewer than two different sizes.
    """
    if len(set(sizes)) < 2:
        raise ConfigError(f"growth: expected at least two different sizes, found {list(sizes)}")
    x = np.log(sizes)
    x -= x.mean()

    def slope(taken: Array) -> Any:
        return np.tensordot(x, np.log(np.median(taken, axis=-1)), axes=1) / (x @ x)

    return bootstrapped(slope, *seconds)


def measured(what: str, sizes: Sequence[int], *, rounds: int) -> dict[str, Any]:
    """One quantity: seconds of an epoch at each size, and the exponents over all sizes and over the last two."""
    calls = {str(size): case.epoch() for size, case in cases(what, sizes).items()}
    seconds = list(in_turns(calls, rounds=rounds).values())
    return {
        "what": what,
        "rounds": rounds,
        "base": asdict(BASE),
        "sizes": list(sizes),
        "seconds": [median(values) for values in seconds],
        "exponent": exponent(sizes, seconds),
        "last": exponent(sizes[-2:], seconds[-2:]),
    }


def figures(rows: Sequence[Mapping[str, Any]]) -> list[Figure]:
    found = []
    for row in rows:
        for which, place in (("exponent", slice(None)), ("last", slice(-2, None))):
            sizes = row["sizes"][place]
            found.append(
                Figure(f"{row['what']}, {sizes[0]} to {sizes[-1]}: exponent of the time", **row[which], unit="")
            )
        found.append(Figure(f"{row['what']}, {row['sizes'][-1]}: an epoch", row["seconds"][-1], "s"))
    return found


def shown(row: Mapping[str, Any]) -> str:
    times = "  ".join(f"{size}: {1e3 * s:.0f}" for size, s in zip(row["sizes"], row["seconds"], strict=True))
    slopes = ["{value:.2f} [{low:.2f}, {high:.2f}]".format(**row[which]) for which in ("exponent", "last")]
    return f"{row['what']:<10}{times:<48}{slopes[0]:<22}{slopes[1]}"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    for what, sizes in SIZES.items():
        about = "sizes to train with; none leaves the quantity out"
        parser.add_argument(f"--{what}", type=int, nargs="*", default=list(sizes), metavar="SIZE", help=about)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, help="of torch; otherwise as many as it takes by itself")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers there")
    args = parser.parse_args(arguments)
    if args.threads:
        torch.set_num_threads(args.threads)
    found = conditions("growth", __doc__, arguments, seed=SEED)
    print(f"{found}\n{'':<10}{'ms an epoch, by size':<48}{'exponent':<22}last")
    rows = []
    for what in SIZES:
        if getattr(args, what):
            rows.append(measured(what, getattr(args, what), rounds=args.rounds))
            print(shown(rows[-1]), flush=True)
    if args.json:
        write(args.json, found, figures(rows), rows)


if __name__ == "__main__":
    main()
