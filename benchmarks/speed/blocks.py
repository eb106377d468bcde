"""Whole training loops that take turns: each runs in its own process and stops between blocks of steps.

A loop that is called step by step is another loop. So each one stays as it is and is given batches that wait:
`Blocks` holds it at the first batch of a block until the process that started it asks for that block.

Two processes of one and the same loop may differ by some percent for as long as they live, by where their memory came
to lie. So every loop is started many times; `forks` makes that cheap, as what it imports is loaded once.
"""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from time import perf_counter
from types import TracebackType
from typing import Generic, Protocol, TypeVar

from xmodal.benchmarks.speed.interleaved import in_turns

NEXT, AGAIN = "next\n", "again\n"
"""Lines that ask for a block, and for a new start."""
ANEW = 75
"""Exit code of a process that was asked for a new start."""
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Numbered(Protocol[T_co]):
    """What has a batch for each step."""

    def __len__(self) -> int: ...

    def __getitem__(self, step: int, /) -> T_co: ...


class Blocks(Generic[T]):
    """Batches for a run of any length; before each block of steps it waits for a line on standard input.

    It prints the seconds of each block, from the request of its first batch to that of the next block's. The process
    ends with the input, or with a line that asks for a new start.

    Args:
        batches: seen again and again, in this order.
        steps: in a block.
        length: of the whole run.
    """

    def __init__(self, batches: Sequence[T], *, steps: int, length: int) -> None:
        self.batches, self.steps, self.length = batches, steps, length
        self.began: float | None = None
        self.answers = sys.stdout  # a progress bar takes its place later

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, step: int, /) -> T:
        if step % self.steps == 0:
            self._wait()
        return self.batches[step % len(self.batches)]

    def __iter__(self) -> Iterator[T]:
        return (self[step] for step in range(self.length))

    def _wait(self) -> None:
        if self.began is not None:
            print(perf_counter() - self.began, file=self.answers, flush=True)
        asked = sys.stdin.readline()
        if asked != NEXT:
            sys.exit(ANEW if asked == AGAIN else 0)
        self.began = perf_counter()


def forks(work: Callable[[], object]) -> None:
    """Run a loop over `Blocks` in a fork of this process, and in a new one whenever a new start is asked for.

    What `work` needs is imported before, but has not computed anything: threads do not survive a fork.
    """
    status = ANEW
    while status == ANEW:
        child = os.fork()
        if not child:
            _end(work)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status == ANEW:
            print(AGAIN, end="", flush=True)
    sys.exit(status)


def _end(work: Callable[[], object]) -> None:
    """Work, and end this fork without Python's clearing up, which would wait for threads that only its parent has."""
    status: object = 0
    try:
        work()
    except SystemExit as error:
        status = error.code
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else 0)


class Loop:
    """A process whose training loop reads from `Blocks`; to be used in a `with`.

    Args:
        command: starts the process, which calls `forks`.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def block(self) -> float:
        """The seconds of the next block.

        Raises:
            RuntimeError: the process has ended.
        """
        assert self.process.stdout is not None
        try:
            self._ask(NEXT)
            return float(self.process.stdout.readline())
        except (OSError, ValueError) as error:
            raise RuntimeError(f"a training loop ended with exit code {self.process.wait()}") from error

    def restart(self) -> None:
        """The loop begins anew, in a process of its own, at the next block.

        Waits until the old one is gone: it could read the request for that block together with this one.
        """
        assert self.process.stdout is not None
        self._ask(AGAIN)
        if self.process.stdout.readline() != AGAIN:
            raise RuntimeError(f"a training loop ended with exit code {self.process.wait()}")

    def _ask(self, what: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(what)
        self.process.stdin.flush()

    def __enter__(self) -> Loop:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.process.kill()
        self.process.communicate()  # it ends with its input


def started_several_times(
    commands: Mapping[str, Sequence[str]], *, rounds: int, starts: int, block: int
) -> dict[str, list[float]]:
    """Milliseconds a step, by side: one value a block; the blocks are shared among several starts of all loops.

    Args:
        commands: by side: starts its process.
        rounds: blocks of each loop; block: steps in each.
    """
    found: dict[str, list[float]] = {side: [] for side in commands}
    with ExitStack() as stack:
        loops = {side: stack.enter_context(Loop(command)) for side, command in commands.items()}
        for start in range(starts):
            count = rounds * (start + 1) // starts - rounds * start // starts
            if not count:
                continue
            if any(found.values()):
                for loop in loops.values():
                    loop.restart()
            seconds = in_turns({side: loop.block for side, loop in loops.items()}, rounds=count)
            for side, values in seconds.items():
                found[side] += [1e3 * value / block for value in values]
    return found
