"""One format in a process of its own: bounded memory, a time limit a mutant, and a record that outlives a crash."""

from __future__ import annotations

import faulthandler
import json
import os
import resource
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from fuzz import mutant, refuses
from fuzzing.case import Case

MOST_BYTES = 2**31
MOST_SECONDS = 10.0
MOST_FAILURES = 5
FAILURES, NOISE = "failures.jsonl", "output.txt"
_FORK = get_context("fork")  # the parent has imported torch once for all
_NUMBER, _REFUSED, _READ, _PEAK = range(4)


@dataclass
class Run:
    """What happened to one format so far.

    Args:
        case, count, seed: which mutants to read.
        seconds: to stop after, even if mutants are left.
        folder: an empty one for its files; it stays when something failed.
    """

    case: Case
    count: int
    seed: int
    seconds: float
    folder: Path
    state: Any = field(default_factory=lambda: _FORK.Array("q", 4))
    process: Any = None
    began: float = 0.0
    took: float = 0.0
    crashes: list[str] = field(default_factory=list)

    def start(self, first: int = 0) -> None:
        self.began = self.began or time.monotonic()
        self.process = _FORK.Process(target=_child, args=(self, first))
        self.process.start()

    def finish(self) -> bool:
        """To be called when the process has ended; False if it crashed and was started anew behind the mutant."""
        self.process.join()
        code = self.process.exitcode
        self.took = time.monotonic() - self.began
        if code:
            number = self.state[_NUMBER]
            lines = _last_words((self.folder / NOISE).read_text(errors="replace"))
            how = f"signal {-code}" if code < 0 else "hang, or an end of the process"
            self.crashes.append(f"mutant {number}: {how}\n    " + "\n    ".join(lines))
            if number + 1 < self.count and number >= 0 and len(self.failures()) < MOST_FAILURES:
                self.start(number + 1)
                return False
        return True

    def failures(self) -> list[str]:
        """One text a failure, each with the mutant's number."""
        path = self.folder / FAILURES
        told = [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []
        found = [f"mutant {number}: {text}" for number, text in told] + self.crashes
        total = self.state[_REFUSED] + self.state[_READ]
        if not found and total < self.count:
            found.append(f"only {total} of {self.count} mutants within {self.seconds:g} s")
        return found

    def line(self) -> str:
        refused, read, peak = self.state[_REFUSED], self.state[_READ], self.state[_PEAK]
        bad = "" if not self.failures() else "  FAILED"
        return f"{self.case.name:<28}{refused + read:>8}{refused:>9}{read:>8}{self.took:>9.1f}{peak / 1024:>9.0f}{bad}"


HEAD = f"{'format':<28}{'mutants':>8}{'refused':>9}{'read':>8}{'seconds':>9}{'MiB':>9}"


def _child(run: Run, first: int) -> None:
    noise = (run.folder / NOISE).open("w")
    os.dup2(noise.fileno(), sys.stdout.fileno())
    os.dup2(noise.fileno(), sys.stderr.fileno())
    faulthandler.enable(noise)
    warnings.simplefilter("error")
    run.state[_NUMBER] = -1
    place = run.folder / "files"
    place.mkdir(exist_ok=True)
    path = run.case.write(place)
    whole = path.read_bytes()
    run.case.read(path)  # must pass; it also imports what the reader needs before memory is limited
    data = run.case.unpack(whole)
    _limit_memory()
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(first, run.count):
        if time.monotonic() - run.began > run.seconds:
            return
        run.state[_NUMBER] = number
        path.write_bytes(run.case.pack(mutant(data, number, run.seed)))
        faulthandler.dump_traceback_later(MOST_SECONDS, exit=True, file=noise)
        try:
            run.state[_REFUSED if refuses(run.case.read, path, allowed=run.case.allowed) else _READ] += 1
        except AssertionError as fault:
            run.state[_REFUSED] += 1
            if _record(run, number, str(fault)) >= MOST_FAILURES:
                return
        finally:
            faulthandler.cancel_dump_traceback_later()
        run.state[_PEAK] = max(run.state[_PEAK], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resident)


def _last_words(noise: str) -> list[str]:
    """What the process said right before it ended, and where it was."""
    lines = [line for line in noise.splitlines() if not line.startswith("Extension modules")]
    starts = [i for i, line in enumerate(lines) if line.startswith(("Fatal Python error", "Timeout"))]
    return lines[max(0, starts[-1] - 3) : starts[-1] + 9] if starts else lines[-9:]


def _limit_memory() -> None:
    """From here on the process may grow by 2 GiB; a larger request fails at once, whether it is touched or not."""
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if sys.platform == "linux" else 0
    if pages:
        most = pages * resource.getpagesize() + MOST_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _record(run: Run, number: int, text: str) -> int:
    with (run.folder / FAILURES).open("a") as file:
        file.write(json.dumps([number, " ".join(text.split())[:600]]) + "\n")
    return len((run.folder / FAILURES).read_text().splitlines())


def replay(case: Case, number: int, seed: int, folder: Path) -> str:
    """Read one mutant in this process; what it raises goes through."""
    path = case.write(folder)
    path.write_bytes(case.pack(mutant(case.unpack(path.read_bytes()), number, seed)))
    return "refused" if refuses(case.read, path, allowed=case.allowed) else "read"


def chosen(cases: Sequence[Case], names: Sequence[str]) -> list[Case]:
    """The cases whose name begins with one of `names`; all if there are none."""
    found = [case for case in cases if not names or any(case.name.startswith(name) for name in names)]
    if not found:
        raise SystemExit(f"no format begins with {' or '.join(names)}; known: {', '.join(c.name for c in cases)}")
    return found
