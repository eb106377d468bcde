"""Time and peak memory of the chunked vocabulary divergences against dense logits, eager and compiled.

    python -m xmodal.benchmarks.speed.vocabulary --tokens 512 2048 --json vocabulary.json

Forward and backward to hidden states and weight, from hidden states of student and teacher. Times are taken in turns
in one process and compared by their medians; memory is what one call adds to the inputs, in a fresh process each (see
`measure.py`), of a compiled side in its second call, so that compiling is left out; it holds the gradients. "dense"
multiplies all logits out and calls the same divergence, "compiled" is that by torch.compile; a case whose dense side
would not fit into the free memory is left out.
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

from xmodal.benchmarks.speed.interleaved import interleaved, times_faster
from xmodal.benchmarks.speed.measure import compiles, free_bytes, measured
from xmodal.benchmarks.speed.results import Figure, conditions, write
from xmodal.losses import generalized_jsd_loss, kd_loss, vocabulary_jsd_loss, vocabulary_kl_loss

SEED = 0
TOKENS = (256, 1024)
SIDES = ("ours", "dense", "compiled")
DIVERGENCES = ("kl", "jsd")
MATRICES = 16
"""About how many matrices of logits the dense side has in memory at its peak."""


def step(side: str, divergence: str, tokens: int, words: int, width: int) -> Callable[[], float]:
    """A call that computes the mean divergence of random heads and its gradients."""
    make = torch.Generator().manual_seed(SEED)
    student = torch.randn(tokens, width, generator=make).requires_grad_()
    weight = (torch.randn(words, width, generator=make) * width**-0.5).requires_grad_()
    wider = 3 * width // 2
    teacher = torch.randn(tokens, wider, generator=make)
    of_teacher = torch.randn(words, wider, generator=make) * wider**-0.5
    chunked = {"kl": vocabulary_kl_loss, "jsd": vocabulary_jsd_loss}[divergence]
    dense = {"kl": kd_loss, "jsd": generalized_jsd_loss}[divergence]

    def multiplied_out() -> Tensor:
        return dense(student @ weight.T, teacher @ of_teacher.T, temperature=1.0)

    compute = torch.compile(multiplied_out) if side == "compiled" else multiplied_out

    def loss() -> Tensor:
        if side == "ours":
            return chunked(student, teacher, student_weight=weight, teacher_weight=of_teacher, temperature=1.0)
        return compute()

    def call() -> float:
        student.grad = weight.grad = None
        value = loss()
        value.backward()  # type: ignore[no-untyped-call]
        return value.item()

    return call


def memory(side: str, divergence: str, tokens: int, words: int, width: int) -> dict[str, float]:
    """One measurement in this process."""
    # Loads what is loaded at first use; a compiled function is compiled for its own shapes.
    call = step(side, divergence, tokens, words, width)
    (call if side == "compiled" else step(side, divergence, 8, 8, 8))()
    return {"extra_bytes": measured(call, seconds=0)["extra_bytes"]}


def memory_in_fresh_process(side: str, divergence: str, tokens: int, words: int, width: int) -> float:
    sizes = ["--tokens", str(tokens), "--words", str(words), "--width", str(width)]
    command = [sys.executable, "-m", "xmodal.benchmarks.speed.vocabulary", "--memory", side, divergence, *sizes]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return float(json.loads(found.splitlines()[-1])["extra_bytes"])


def compared(
    divergence: str, tokens: int, words: int, width: int, sides: Sequence[str], *, rounds: int
) -> dict[str, Any]:
    """One case: seconds and extra bytes of each side, and how many times faster ours is than each other one."""
    calls = {side: step(side, divergence, tokens, words, width) for side in sides}
    values = {side: call() for side, call in calls.items()}
    if max(values.values()) - min(values.values()) > 1e-5 * max(1.0, values["dense"]):
        raise ValueError(f"expected one value from all sides, found {values}")
    seconds = interleaved(calls, rounds=rounds)
    return {
        "divergence": divergence,
        "tokens": tokens,
        "words": words,
        "width": width,
        "rounds": rounds,
        "seconds": {side: median(s) for side, s in seconds.items()},
        "faster": {side: times_faster(seconds["ours"], seconds[side]) for side in sides if side != "ours"},
        "extra_bytes": {side: memory_in_fresh_process(side, divergence, tokens, words, width) for side in sides},
    }


def figures(rows: Sequence[dict[str, Any]]) -> list[Figure]:
    found = []
    for row in rows:
        name = f"{row['divergence']}, {row['tokens']} tokens, {row['words']} words"
        for side, faster in row["faster"].items():
            found.append(
                Figure(f"{name}: times faster than {side}", faster["ratio"], "x", faster["low"], faster["high"])
            )
        for side, size in row["extra_bytes"].items():
            found.append(Figure(f"{name}: extra memory, {side}", size / 2**20, "MiB"))
    return found


def shown(row: dict[str, Any]) -> str:
    seconds = "".join(f"{value:>10.3f}" for value in row["seconds"].values())
    mib = "".join(f"{size / 2**20:>8.0f}" for size in row["extra_bytes"].values())
    ratios = "".join(
        f"  {ratio['ratio']:.2f}x [{ratio['low']:.2f}, {ratio['high']:.2f}] {side}"
        for side, ratio in row["faster"].items()
    )
    return f"{row['divergence']:<5}{row['tokens']:>7}{seconds}{mib}{ratios}"


def table(tokens: list[int], words: int, width: int, rounds: int) -> list[dict[str, Any]]:
    """Prints each row as it is measured, and returns all of them."""
    sides = SIDES if compiles(step("compiled", "kl", 8, 32, 16)) else SIDES[:2]
    print(f"seconds and MiB of {', '.join(sides)}; how many times faster ours is, with its 95 % interval")
    rows = []
    for divergence in DIVERGENCES:
        for count in tokens:
            if 4 * MATRICES * count * words > 0.8 * free_bytes():
                print(f"{divergence:<11}{count:>7}  dense logits do not fit")
                continue
            rows.append(compared(divergence, count, words, width, sides, rounds=rounds))
            print(shown(rows[-1]), flush=True)
    return rows


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--tokens", type=int, nargs="+", default=list(TOKENS))
    parser.add_argument("--words", type=int, default=32000, help="size of the vocabulary")
    parser.add_argument("--width", type=int, default=512, help="of the student; the teacher is half as wide again")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, help="of torch; otherwise as many as it takes by itself")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers there")
    parser.add_argument("--memory", nargs=2, metavar=("SIDE", "DIVERGENCE"), help="one peak in this process, as JSON")
    args = parser.parse_args(arguments)
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.memory:
        print(json.dumps(memory(args.memory[0], args.memory[1], args.tokens[0], args.words, args.width)))
        return
    found = conditions("vocabulary", __doc__, arguments, seed=SEED)
    print(f"{found}, {args.words} words")
    rows = table(args.tokens, args.words, args.width, args.rounds)
    if args.json:
        write(args.json, found, figures(rows), rows)


if __name__ == "__main__":
    main()
