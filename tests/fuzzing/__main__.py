"""Fuzz every reader: `PYTHONPATH=tests python -m fuzzing`. Ends with 1 if a format failed."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from multiprocessing.connection import wait
from pathlib import Path

import torch

from fuzzing.sandbox import HEAD, Run, chosen, replay
from fuzzing.table import CASES


def main() -> int:
    options = _options()
    torch.set_num_threads(1)
    cases = chosen(CASES, options.formats)
    memory = Path("/dev/shm")
    place = memory if os.access(memory, os.W_OK) else None
    root = Path(tempfile.mkdtemp(prefix="fuzz-", dir=place))
    try:
        if options.only is not None:
            print(replay(cases[0], options.only, options.seed, root))
            return 0
        return _report(_run_all([_run(case, options, root) for case in cases], options.jobs), options.seed)
    finally:
        shutil.rmtree(root)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzzing", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="mutants a format")
    parser.add_argument("--formats", nargs="*", default=[], help="only those whose name begins so")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=1800, help="time bound a format")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="formats side by side")
    parser.add_argument("--only", type=int, help="replay this mutant of the first chosen format and show what it does")
    return parser.parse_args()


def _run(case: object, options: argparse.Namespace, root: Path) -> Run:
    folder = root / case.name
    folder.mkdir()
    return Run(case, options.count, options.seed, options.seconds, folder)


def _run_all(waiting: list[Run], jobs: int) -> list[Run]:
    """Every run to its end, `jobs` at a time; one line each as they end."""
    print(HEAD, flush=True)
    active: list[Run] = []
    done: list[Run] = []
    while waiting or active:
        while waiting and len(active) < jobs:
            run = waiting.pop(0)
            run.start()
            active.append(run)
        ended = wait([run.process.sentinel for run in active])
        for run in [run for run in active if run.process.sentinel in ended]:
            if run.finish():
                active.remove(run)
                done.append(run)
                print(run.line(), flush=True)
    return done


def _report(runs: list[Run], seed: int) -> int:
    bad = [run for run in runs if run.failures()]
    for run in bad:
        print(f"\n{run.case.name} (replay: --formats {run.case.name} --seed {seed} --only MUTANT)")
        for failure in run.failures():
            print(f"  {failure}")
    print(f"\n{len(runs)} formats, {len(bad)} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
