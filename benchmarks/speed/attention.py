"""Time and peak memory of the attention KL against plain PyTorch, eager and compiled.

    python -m xmodal.benchmarks.speed.attention --lengths 1024 4096 --json attention.json

N queries and N keys of one head. Times are taken in turns in one process and compared by their medians; memory is
what one call adds to the inputs, in a fresh process each (see `measure.py`), of a compiled side in its second call, so
that compiling is left out. Causal maps at 4096 are always among the cases. The plain function is the fastest of those
tried; its mask lies ready before the clock starts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.benchmarks.speed.interleaved import interleaved, times_faster
from xmodal.benchmarks.speed.measure import compiles, measured
from xmodal.benchmarks.speed.results import Figure, conditions, write
from xmodal.losses import attention_kl_loss

SEED = 0
LENGTHS = (1024, 4096)
ALWAYS = 4096
SIDES = ("ours", "eager", "compiled")
PASSES = ("forward", "both")
BARS = {"forward": "at least 5.5", "both": "at least 3"}
"""Of the causal map of length `ALWAYS`, against eager."""


def plain(
    student_query: Tensor, student_key: Tensor, teacher_query: Tensor, teacher_key: Tensor, hidden: Tensor | None
) -> Tensor:
    """KL(teacher || student) of the two maps, both in memory, mean over queries."""
    student = (student_query * student_query.shape[-1] ** -0.5) @ student_key.mT
    teacher = (teacher_query * teacher_query.shape[-1] ** -0.5) @ teacher_key.mT
    if hidden is not None:
        student, teacher = student.masked_fill(hidden, -1e9), teacher.masked_fill_(hidden, -1e9)
    divergence = F.kl_div(student.log_softmax(-1), teacher.softmax(-1), reduction="none")
    return divergence.sum(-1).mean()


def step(side: str, which: str, length: int, width: int, *, causal: bool) -> Callable[[], float]:
    """A call that computes the loss of random maps and, for the pass "both", its gradient."""
    make = torch.Generator().manual_seed(SEED)
    query, key, teacher_query, teacher_key = torch.randn(4, 1, length, width, generator=make)
    leaves = [x.clone().requires_grad_(which == "both") for x in (query, key)]
    maps = (leaves[0], leaves[1], teacher_query, teacher_key)
    hidden = torch.ones(length, length, dtype=torch.bool).triu(1) if causal and side != "ours" else None
    compute = torch.compile(plain) if side == "compiled" else plain

    def call() -> float:
        for x in leaves:
            x.grad = None
        value = attention_kl_loss(*maps, causal=causal) if side == "ours" else compute(*maps, hidden)
        if which == "both":
            value.backward()  # type: ignore[no-untyped-call]
        return value.item()

    return call


def memory(side: str, which: str, length: int, width: int, *, causal: bool) -> dict[str, Any]:
    """One measurement in this process."""
    # Loads what is loaded at first use; a compiled function is compiled for its own shapes.
    step(side, which, length if side == "compiled" else 16, width, causal=causal)()
    call = step(side, which, length, width, causal=causal)
    return {"extra_bytes": measured(call, seconds=0)["extra_bytes"]}


def memory_in_fresh_process(side: str, which: str, length: int, width: int, *, causal: bool) -> float:
    arguments = ["--memory", side, which, "--lengths", str(length), "--width", str(width)]
    command = [sys.executable, "-m", "xmodal.benchmarks.speed.attention", *arguments, *(["--causal"] if causal else [])]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return float(json.loads(found.splitlines()[-1])["extra_bytes"])


def compared(
    which: str, length: int, width: int, sides: tuple[str, ...], *, causal: bool, rounds: int
) -> dict[str, Any]:
    """One case: seconds and extra bytes of each side, and how many times faster ours is than each other one."""
    calls = {side: step(side, which, length, width, causal=causal) for side in sides}
    values = {side: call() for side, call in calls.items()}
    if max(values.values()) - min(values.values()) > 1e-5 * max(1.0, values["ours"]):
        raise ValueError(f"expected one value from all sides, found {values}")
    seconds = interleaved(calls, rounds=rounds)
    row: dict[str, Any] = {"pass": which, "length": length, "width": width, "causal": causal, "rounds": rounds}
    row["seconds"] = {side: median(s) for side, s in seconds.items()}
    row["faster"] = {side: times_faster(seconds["ours"], seconds[side]) for side in sides if side != "ours"}
    row["extra_bytes"] = {s: memory_in_fresh_process(s, which, length, width, causal=causal) for s in sides}
    return row


def shown(row: dict[str, Any]) -> str:
    kind = "causal" if row["causal"] else "full"
    seconds = "".join(f"{row['seconds'][s]:>11.4f}" if s in row["seconds"] else f"{'-':>11}" for s in SIDES)
    mib = "".join(f"{row['extra_bytes'][s] / 2**20:>10.1f}" if s in row["extra_bytes"] else f"{'-':>10}" for s in SIDES)
    ratios = "".join(
        f"  {ratio['ratio']:.2f}x [{ratio['low']:.2f}, {ratio['high']:.2f}] {side}"
        for side, ratio in row["faster"].items()
    )
    return f"{row['pass']:<9}{row['length']:>6} {kind:<7}{seconds}{mib}{ratios}"


def figures(rows: Sequence[dict[str, Any]]) -> list[Figure]:
    found = []
    for row in rows:
        name = f"{row['pass']}, {'causal' if row['causal'] else 'full'}, {row['length']}"
        for side, faster in row["faster"].items():
            held = BARS[row["pass"]] if side == "eager" and row["causal"] and row["length"] == ALWAYS else ""
            found.append(
                Figure(f"{name}: times faster than {side}", faster["ratio"], "x", faster["low"], faster["high"], held)
            )
        found.append(Figure(f"{name}: extra memory", row["extra_bytes"]["ours"] / 2**20, "MiB"))
    return found


def table(lengths: list[int], width: int, rounds: int) -> list[dict[str, Any]]:
    """Prints each row as it is measured, and returns all of them."""
    sides = SIDES if compiles(step("compiled", "both", 32, 16, causal=True)) else SIDES[:2]
    cases = sorted({(length, causal) for length in lengths for causal in (True, False)} | {(ALWAYS, True)})
    print("seconds and MiB of ours, eager, compiled; how many times faster ours is, with its 95 % interval")
    rows = []
    for length, causal in cases:
        for which in PASSES:
            rows.append(compared(which, length, width, sides, causal=causal, rounds=rounds))
            print(shown(rows[-1]), flush=True)
    return rows


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--lengths", type=int, nargs="*", default=list(LENGTHS), help="numbers of queries and keys")
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--threads", type=int, help="of torch; otherwise as many as it takes by itself")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers there")
    parser.add_argument("--memory", nargs=2, metavar=("SIDE", "PASS"), help="one peak in this process, as JSON")
    parser.add_argument("--causal", action="store_true", help="with --memory")
    args = parser.parse_args(arguments)
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.memory:
        print(json.dumps(memory(args.memory[0], args.memory[1], args.lengths[0], args.width, causal=args.causal)))
        return
    found = conditions("attention", __doc__, arguments, seed=SEED)
    print(f"{found}, width {args.width}")
    rows = table(args.lengths, args.width, args.rounds)
    if args.json:
        write(args.json, found, figures(rows), rows)


if __name__ == "__main__":
    main()
