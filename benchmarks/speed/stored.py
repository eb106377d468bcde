"""An epoch with three teachers that answer from the store, against the student alone on the same batches.

    python -m xmodal.benchmarks.speed.stored --rounds 30 --json stored.json

With pooled vectors and logits the bar is the student alone. Tokens need projectors and losses over every token, which
cost whatever their source; there the bar is a loop written by hand with the same projectors and losses on targets that
lie ready as tensors. Each loop is a process of its own that runs a block of steps in its turn (see `blocks.py`); the
losses of hand and store are compared before the clock starts. "live" runs the three teachers in every step.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import torch

from xmodal.benchmarks.speed.blocks import Blocks, started_several_times
from xmodal.benchmarks.speed.interleaved import bootstrapped, of_medians
from xmodal.benchmarks.speed.results import Figure, conditions, write
from xmodal.benchmarks.speed.step_xmodal import Ready
from xmodal.benchmarks.speed.stored_case import NAMES, SEED, batches, by_hand, distillation, targets, write_stores
from xmodal.engine.fit import fit
from xmodal.engine.schedule import Schedule

SIDES = ("student alone", "pooled + logits", "tokens", "tokens by hand", "live")
BLOCK = 20
COMPARED = 20


def run(side: str, folder: Path, *, rounds: int, block: int) -> None:
    """One loop in this process, held at each block; it ends when nobody asks for another one."""
    steps = (rounds + 1) * block + 1
    feed = Blocks(batches(), steps=block, length=steps)
    if side == "tokens by hand":
        by_hand(feed, targets(folder), steps=steps)
        return
    schedule = Schedule(steps=steps)
    with TemporaryDirectory(dir=".", prefix=".speed-") as place:
        fit(
            distillation(side, folder),
            Ready(feed, schedule),
            schedule,
            checkpoint=Path(place) / "checkpoint.pt",
            device=torch.device("cpu"),
            precision="fp32",
            report=lambda *_: None,
        )


def check(folder: Path) -> None:
    """The loop by hand and the store train the same.

    Raises:
        ValueError: the losses of a step differ by more than 1e-4 of their size.
    """
    feed = (batches() * COMPARED)[:COMPARED]
    expected = torch.stack(by_hand(feed, targets(folder), steps=COMPARED))
    found: list[float] = []
    schedule = Schedule(steps=COMPARED, log_every=1)
    with TemporaryDirectory() as place:
        fit(
            distillation("tokens", folder),
            Ready(feed, schedule),
            schedule,
            checkpoint=Path(place) / "checkpoint.pt",
            device=torch.device("cpu"),
            precision="fp32",
            report=lambda _, numbers, __: found.append(numbers["loss"]),
        )
    apart = (torch.tensor(found) - expected).abs() > 1e-4 * expected.abs()
    if apart.any():
        first = int(apart.int().argmax())
        told = f"{found[first]} from the store and {float(expected[first])} by hand in step {first}"
        raise ValueError(f"expected the same losses, found {told}")


def compared(folder: Path, *, rounds: int, starts: int, block: int) -> dict[str, Any]:
    """Milliseconds a step of each side, and the ratios."""
    write_stores(folder)
    check(folder)

    def begun(side: str, count: int) -> list[str]:
        return command(side, folder, count, block)

    ms = started_several_times(SIDES, begun, rounds=rounds, starts=starts, block=block)
    alone = [(side, "student alone") for side in ("pooled + logits", "tokens", "live")]
    pairs = [*alone, ("tokens", "tokens by hand")]
    ratios = {f"{a} / {b}": bootstrapped(of_medians, ms[a], ms[b]) for a, b in pairs}
    return {
        "rounds": rounds,
        "starts": starts,
        "block": block,
        "step_ms": {s: median(v) for s, v in ms.items()},
        "ratio": ratios,
    }


def command(side: str, folder: Path, rounds: int, block: int) -> list[str]:
    """Starts `run` in another process."""
    numbers = {"--rounds": rounds, "--block": block, "--threads": torch.get_num_threads()}
    given = [str(text) for pair in numbers.items() for text in pair]
    return [sys.executable, "-m", "xmodal.benchmarks.speed.stored", "--side", side, "--stores", str(folder), *given]


def figures(row: dict[str, Any]) -> list[Figure]:
    bars = {"pooled + logits / student alone": "at most 1.10", "tokens / tokens by hand": "at most 1.10"}
    return [
        Figure(f"{len(NAMES)} teachers: {name}", **value, unit="x", bar=bars.get(name, ""))
        for name, value in row["ratio"].items()
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=30, help="blocks of each loop")
    parser.add_argument("--starts", type=int, default=5, help="processes that they are shared among, one after another")
    parser.add_argument("--block", type=int, default=BLOCK, help="steps in a block")
    parser.add_argument("--threads", type=int, help="of torch; otherwise as many as it takes by itself")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers there")
    parser.add_argument("--side", choices=SIDES, help="run one loop in this process, for the others")
    parser.add_argument("--stores", type=Path, help="where its stores lie")
    args = parser.parse_args(arguments)
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.side:
        run(args.side, args.stores, rounds=args.rounds, block=args.block)
        return
    found = conditions("stored", __doc__, arguments, seed=SEED, packages=["timm"])
    print(found)
    with TemporaryDirectory() as folder:
        row = compared(Path(folder), rounds=args.rounds, starts=args.starts, block=args.block)
    print("ms a step: " + ", ".join(f"{side} {value:.2f}" for side, value in row["step_ms"].items()))
    for figure in figures(row):
        bar = f"  ({figure.bar})" if figure.bar else ""
        print(f"  {figure.name:<54}{figure.value:>7.3f} x  [{figure.low:.3f}, {figure.high:.3f}]{bar}")
    if args.json:
        write(args.json, found, figures(row), [row])


if __name__ == "__main__":
    main()
