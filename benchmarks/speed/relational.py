"""Time and peak memory of the relational losses against their direct formulas, forward and backward.

    python -m xmodal.benchmarks.speed.relational --batches 256 1024 4096 16384 --json relational.json

Each measurement runs in a fresh process; memory is what the call adds to the inputs (see `measure.py`). A direct
formula that would not fit into the free memory is left out. `rkd_angle` takes all corners and is measured up to 256
rows; `rkd_angle_16` draws 16 of them, and the direct formula takes the first 16. It and `clip_rd` are measured up to
4096 rows, as more take minutes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from xmodal.benchmarks.speed import relational_direct as direct
from xmodal.benchmarks.speed.measure import free_bytes, measured
from xmodal.benchmarks.speed.results import Figure, conditions, write
from xmodal.losses import CLIPRDTerms, rkd_angle_loss, rkd_distance_loss, similarity_preserving_loss

SEED = 0
BATCHES = (256, 1024, 4096, 16384)
LOSSES = ("rkd_distance", "similarity_preserving", "clip_rd", "rkd_angle", "rkd_angle_16")
MATRICES = {"rkd_distance": 14, "similarity_preserving": 10, "clip_rd": 60, "rkd_angle_16": 7 * 16}
"""About how many B x B matrices of float32 the direct formula has in memory at its peak."""
UP_TO = {"clip_rd": 4096, "rkd_angle": 256, "rkd_angle_16": 4096}
"""Rows at which a minute is enough."""


def step(loss: str, side: str, batch: int, width: int) -> Callable[[], Tensor]:
    """A call that computes the loss of random embeddings and its gradient, "ours" or "direct"."""
    make = torch.Generator().manual_seed(SEED)
    four = [torch.randn(batch, width, generator=make) for _ in range(4)]  # image and text of student and of teacher
    leaves = [x.requires_grad_() for x in four[:2]]
    pairs: dict[str, dict[str, Callable[..., Tensor]]] = {
        "rkd_distance": {"ours": rkd_distance_loss, "direct": direct.rkd_distance},
        "similarity_preserving": {"ours": similarity_preserving_loss, "direct": direct.similarity_preserving},
        "rkd_angle": {"ours": rkd_angle_loss, "direct": direct.rkd_angle},
        "rkd_angle_16": {
            "ours": partial(rkd_angle_loss, anchors=16),
            "direct": partial(direct.rkd_angle, anchors=16),
        },
    }
    compute = _clip_rd(side, four) if loss == "clip_rd" else partial(pairs[loss][side], four[0], four[2])

    def call() -> Tensor:
        for leaf in leaves:
            leaf.grad = None
        value = compute()
        value.backward()  # type: ignore[no-untyped-call]
        return value.detach()

    return call


def _clip_rd(side: str, four: list[Tensor]) -> Callable[[], Tensor]:
    scales = [torch.tensor(value, requires_grad=True) for value in (20.0, 50.0)]
    width = four[0].shape[1]
    terms = CLIPRDTerms(student_width=width, teacher_width=width)
    raw = [terms.image_logit_scale, terms.text_logit_scale, terms.cross_logit_scale]
    if side == "direct":
        return partial(direct.clip_rd, four, [*scales, *raw])
    student, student_text, teacher, teacher_text = four
    texts = {"student_text": student_text, "teacher_text": teacher_text}

    def ours() -> Tensor:
        made = terms(student, teacher, **texts, student_scale=scales[0], teacher_scale=scales[1])
        return torch.stack([2000 * term if name == "fd" else term for name, term in made.items()]).sum()

    return ours


def fits(loss: str, side: str, batch: int) -> bool:
    if batch > UP_TO.get(loss, batch):
        return False
    return side == "ours" or loss not in MATRICES or 4 * MATRICES[loss] * batch**2 < 0.8 * free_bytes()


def one(loss: str, side: str, batch: int, width: int) -> dict[str, Any]:
    """One measurement in this process."""
    step(loss, side, 8, width)()  # loads what is loaded at first use
    call = step(loss, side, batch, width)
    return {"loss": loss, "side": side, "batch": batch, "width": width, **measured(call)}


def in_fresh_process(loss: str, side: str, batch: int, width: int) -> dict[str, Any]:
    arguments = ["--one", loss, side, "--batches", str(batch), "--width", str(width)]
    command = [sys.executable, "-m", "xmodal.benchmarks.speed.relational", *arguments]
    result: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return result


def figures(rows: Sequence[dict[str, Any]]) -> list[Figure]:
    """Of each loss and batch; the sides were not timed in turns, so that there is no interval."""
    found = []
    sides = {(row["loss"], row["batch"], row["side"]): row for row in rows}
    for row in (row for row in rows if row["side"] == "ours"):
        name, direct = f"{row['loss']}, {row['batch']} rows", sides.get((row["loss"], row["batch"], "direct"))
        if direct:
            found.append(Figure(f"{name}: times faster than direct", direct["seconds"] / row["seconds"], "x"))
            found.append(Figure(f"{name}: extra memory, direct", direct["extra_bytes"] / 2**20, "MiB"))
        found.append(Figure(f"{name}: extra memory, ours", row["extra_bytes"] / 2**20, "MiB"))
    return found


def table(batches: list[int], width: int) -> list[dict[str, Any]]:
    """Prints each row as it is measured, and returns all of them."""
    rows: list[dict[str, Any]] = []
    print(f"{'loss':<22}{'batch':>7}{'ours s':>10}{'direct s':>10}{'ours MiB':>10}{'direct MiB':>12}")
    for loss in LOSSES:
        for batch in batches:
            sides = {}
            for side in ("ours", "direct"):
                if fits(loss, side, batch):
                    sides[side] = in_fresh_process(loss, side, batch, width)
            if not sides:
                continue
            rows += sides.values()
            seconds = [f"{sides[s]['seconds']:.4f}" if s in sides else "-" for s in ("ours", "direct")]
            extra = [f"{sides[s]['extra_bytes'] / 2**20:.0f}" if s in sides else "-" for s in ("ours", "direct")]
            print(f"{loss:<22}{batch:>7}{seconds[0]:>10}{seconds[1]:>10}{extra[0]:>10}{extra[1]:>12}", flush=True)
    return rows


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--batches", type=int, nargs="+", default=list(BATCHES))
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers there")
    parser.add_argument("--one", nargs=2, metavar=("LOSS", "SIDE"), help="one measurement in this process, as JSON")
    args = parser.parse_args(arguments)
    if args.one:
        print(json.dumps(one(args.one[0], args.one[1], args.batches[0], args.width)))
        return
    found = conditions("relational", __doc__, arguments, seed=SEED)
    print(f"{found}, width {args.width}")
    rows = table(args.batches, args.width)
    if args.json:
        write(args.json, found, figures(rows), rows)


if __name__ == "__main__":
    main()
