"""Time of a training step of xmodal against a loop written by hand, torchdistill, and the student alone.

    python -m xmodal.benchmarks.speed.step --rounds 60 --json step.json

Nets, losses, optimiser, batches and order are the same; before the clock starts the losses of all steps are compared.
xmodal runs as `xmodal train` does, with its log and checkpoints, which the others have not; its heap moves into huge
pages after eight steps (`engine/memory.py`), beside the first blocks. Each loop is a process of its own (see
`blocks.py`) that runs a block of steps in its turn; a block of "tiny" holds a whole cycle of log lines and checkpoints;
of "small" every second block holds a log line, and none a checkpoint.
Two processes of one and the same loop may differ by some percent for as long as they live (where their memory came to
lie), which is most of what an interval over "small" shows; so the blocks are shared among several starts.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import torch

from xmodal.benchmarks.speed import hand_written, step_torchdistill, step_xmodal
from xmodal.benchmarks.speed.blocks import Blocks, started_several_times
from xmodal.benchmarks.speed.interleaved import bootstrapped, of_medians, of_totals, paired
from xmodal.benchmarks.speed.results import Figure, conditions, write
from xmodal.benchmarks.speed.step_case import SEED, Case, plain

SIDES = ("xmodal", "hand-written", "student alone", "torchdistill")
BLOCK = {"tiny": 200, "small": 10}
"""Steps: xmodal writes a line every 20 and a checkpoint every 200."""
STARTS = {"tiny": 3, "small": 6}
"""Processes of each loop, one after another."""
COMPARED = 40
"""Steps whose losses are compared."""
QUICK = {"rounds": 3, "starts": 1, "block": 5}
"""With --quick: shows that everything runs, and measures nothing."""


def run(side: str, case: Case, *, rounds: int, block: int) -> None:
    """One loop in this process, held at each block; it ends when nobody asks for another one."""
    steps = (rounds + 1) * block + 1
    tensors = Blocks(case.tensors(), steps=block, length=steps)
    if side == "xmodal":
        # Not where temporary files lie: that may be memory, and checkpoints are waited for until they are on the disk.
        with TemporaryDirectory(dir=".", prefix=".speed-") as folder:
            batches = Blocks(case.batches(), steps=block, length=steps)
            step_xmodal.train(case, batches, steps=steps, folder=Path(folder))
    elif side == "torchdistill":
        step_torchdistill.train(case, tensors, steps=steps)
    else:
        teachers = [] if side == "student alone" else [plain(model) for model in case.teacher_models()]
        hand_written.train(plain(case.model(SEED)), teachers, tensors, steps=steps)


def check(case: Case, sides: Sequence[str], *, steps: int = COMPARED) -> None:
    """All sides are the same training: in float64 to 1e-9 of each step's loss; xmodal and hand in float32 to 1e-5.

    torchdistill adds up in another order, and training enlarges what float32 rounds away then beyond any such bound.

    Raises:
        ValueError: the losses of a step differ by more.
    """
    with default_dtype(torch.float64):
        same_losses(case, sides, steps=steps, apart=1e-9)
    same_losses(case, [side for side in sides if side != "torchdistill"], steps=steps, apart=1e-5)


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """Nets and batches that are made meanwhile are of this type."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def same_losses(case: Case, sides: Sequence[str], *, steps: int, apart: float) -> None:
    """The losses of every step, in the default type.

    Raises:
        ValueError: they differ by more than `apart` of their size.
    """
    tensors = (case.tensors() * steps)[:steps]
    teachers = [plain(model) for model in case.teacher_models()]
    expected = torch.stack(hand_written.train(plain(case.model(SEED)), teachers, tensors, steps=steps))
    losses: dict[str, torch.Tensor] = {}
    with TemporaryDirectory() as folder:
        batches = (case.batches() * steps)[:steps]
        losses["xmodal"] = torch.tensor(step_xmodal.losses(case, batches, steps=steps, folder=Path(folder)))
    if "torchdistill" in sides:
        losses["torchdistill"] = torch.stack(step_torchdistill.train(case, tensors, steps=steps))
    for side, values in losses.items():
        wrong = (values - expected).abs() > apart * expected.abs()
        if len(values) != steps or wrong.any():
            first = int(wrong.int().argmax())
            found = f"{float(values[first])} of {side} and {float(expected[first])} by hand in step {first}"
            raise ValueError(f"{case}: expected the same losses from all sides, found {found}")


def timed(case: Case, sides: Sequence[str], *, rounds: int, starts: int, block: int) -> dict[str, list[float]]:
    """Milliseconds a step, by side: one value a block."""

    def begun(side: str, count: int) -> list[str]:
        return command(side, case, count, block)

    return started_several_times(sides, begun, rounds=rounds, starts=starts, block=block)


def command(side: str, case: Case, rounds: int, block: int) -> list[str]:
    """Starts `run` in another process."""
    numbers = {"--teachers": case.teachers, "--rounds": rounds, "--block": block, "--threads": torch.get_num_threads()}
    given = [str(text) for pair in numbers.items() for text in pair]
    return [sys.executable, "-m", "xmodal.benchmarks.speed.step", "--side", side, "--nets", case.net, *given]


def compared(case: Case, sides: Sequence[str], *, rounds: int, starts: int, block: int) -> dict[str, Any]:
    """One case: milliseconds a step of each side, and xmodal against each other one."""
    check(case, sides)
    ms = timed(case, sides, rounds=rounds, starts=starts, block=block)
    row: dict[str, Any] = {"net": case.net, "teachers": case.teachers}
    row |= {"rounds": rounds, "starts": starts, "block": block}
    row["step_ms"] = {side: median(values) for side, values in ms.items()}
    for name, statistic in {"ratio": of_medians, "ratio_of_totals": of_totals, "difference_ms": paired}.items():
        row[name] = {side: bootstrapped(statistic, ms["xmodal"], ms[side]) for side in sides if side != "xmodal"}
    return row


def figures(rows: Sequence[dict[str, Any]]) -> list[Figure]:
    """What is asked for, and what else each case shows."""
    found = []
    for row in rows:
        case, tiny = Case(row["net"], row["teachers"]), row["net"] == "tiny"
        by_hand = f"{case}: xmodal / hand-written"
        held = "" if tiny else "at most 1.03"
        found += [
            Figure(by_hand, **row["ratio"]["hand-written"], unit="x", bar=held),
            Figure(f"{by_hand}, by the totals", **row["ratio_of_totals"]["hand-written"], unit="x"),
        ]
        for side, value in row["difference_ms"].items():
            bars = {"hand-written": "at most 0.1" if tiny else "", "torchdistill": "interval below 0"}
            if side in bars:
                found.append(Figure(f"{case}: xmodal - {side}, a step", **value, unit="ms", bar=bars[side]))
        found.append(Figure(f"{case}: xmodal / student alone", **row["ratio"]["student alone"], unit="x"))
    return found


def shown(figure: Figure) -> str:
    bar = f"  ({figure.bar})" if figure.bar else ""
    return f"  {figure.name:<66}{figure.value:>8.3f} {figure.unit:<3}[{figure.low:.3f}, {figure.high:.3f}]{bar}"


def table(cases: Sequence[Case], rounds: int, starts: int | None, block: int | None) -> list[dict[str, Any]]:
    """Prints each row as it is measured, and returns all of them."""
    sides = SIDES if step_torchdistill.installed() else SIDES[:-1]
    if len(sides) < len(SIDES):
        print("torchdistill is left out: it is not installed")
    rows = []
    for case in cases:
        begun, steps = starts or STARTS[case.net], block or BLOCK[case.net]
        rows.append(compared(case, sides, rounds=rounds, starts=begun, block=steps))
        times = ", ".join(f"{side} {value:.3f}" for side, value in rows[-1]["step_ms"].items())
        print("\n".join([f"{case}: ms a step: {times}", *map(shown, figures(rows[-1:]))]), flush=True)
    return rows


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--nets", nargs="+", choices=list(BLOCK), default=list(BLOCK))
    parser.add_argument("--teachers", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--rounds", type=int, default=60, help="blocks of each loop")
    parser.add_argument("--starts", type=int, help=f"processes that they are shared among; otherwise {STARTS}")
    parser.add_argument("--block", type=int, metavar="STEPS", help=f"in a block; otherwise {BLOCK}")
    parser.add_argument("--quick", action="store_true", help="a few blocks of a few steps: runs, but measures nothing")
    parser.add_argument("--threads", type=int, help="of torch; otherwise as many as it takes by itself")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers there")
    parser.add_argument("--side", choices=SIDES, help="run one loop in this process, for the others")
    args = parser.parse_args(arguments)
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.quick:
        vars(args).update(QUICK)
    cases = [Case(net, teachers) for net in args.nets for teachers in args.teachers]
    if args.side:
        run(args.side, cases[0], rounds=args.rounds, block=args.block)
        return
    packages = ["timm", *(["torchdistill"] if step_torchdistill.installed() else [])]
    found = conditions("step", __doc__, arguments, seed=SEED, packages=packages)
    print(found)
    rows = table(cases, args.rounds, args.starts, args.block)
    if args.json:
        write(args.json, found, figures(rows), rows)


if __name__ == "__main__":
    main()
