"""Seconds until `import xmodal`, and `xmodal --help`, are done, beside those of `import torch`.

    python -m xmodal.benchmarks.speed.importing --rounds 9 --json importing.json

Each is a fresh interpreter, all of them in turns; the byte code of everything lies ready. "over torch" is what comes on
top of `import torch`, round by round. The core is what a run imports before it knows its modalities.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from xmodal.benchmarks.speed.interleaved import bootstrapped, interleaved, paired
from xmodal.benchmarks.speed.results import Figure, conditions, write

SEED = 0
TORCH = "import torch"
COMMANDS: Mapping[str, Sequence[str]] = {
    "python": ["-c", "pass"],
    TORCH: ["-c", "import torch"],
    "import torch, xmodal": ["-c", "import torch, xmodal"],
    "the core": ["-c", "import torch, xmodal.distillation, xmodal.distillers, xmodal.tasks, xmodal.data.transforms"],
    "xmodal --help": ["-m", "xmodal.cli", "--help"],
}
"""By name: arguments of the interpreter."""
BARS = {"import torch, xmodal": "at most 0.5 s"}


def call(arguments: Sequence[str]) -> Callable[[], object]:
    """Runs an interpreter to its end."""
    return lambda: subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)


def table(rounds: int) -> list[dict[str, Any]]:
    """Prints each row and returns all of them."""
    seconds = interleaved({name: call(arguments) for name, arguments in COMMANDS.items()}, rounds=rounds)
    rows = []
    for name, values in seconds.items():
        over = bootstrapped(paired, values, seconds[TORCH])
        rows.append({"command": name, "rounds": rounds, "seconds": median(values), "over_torch": over})
        shown = "{value:+.3f} [{low:+.3f}, {high:+.3f}]".format(**over)
        print(f"{name:<22}{median(values):>8.3f} s   over torch {shown}")
    return rows


def figures(rows: Sequence[Mapping[str, Any]]) -> list[Figure]:
    found = []
    for row in rows:
        name = row["command"]
        found.append(Figure(name, row["seconds"], "s"))
        if name not in (TORCH, "python"):
            found.append(Figure(f"{name}: over torch", **row["over_torch"], unit="s", bar=BARS.get(name, "")))
    return found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers there")
    args = parser.parse_args(arguments)
    found = conditions("importing", __doc__, arguments, seed=SEED)
    print(found)
    rows = table(args.rounds)
    if args.json:
        write(args.json, found, figures(rows), rows)


if __name__ == "__main__":
    main()
