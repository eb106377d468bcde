"""Whole training loops that take turns: each runs in its own process and stops between blocks of steps.

A loop that is called step by step is another loop. So each one stays as it is and is given batches that wait:
`Blocks` holds it at the first batch of a block until the process that started it asks for that block.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from time import perf_counter
from types import TracebackType
from typing import Generic, Protocol, TypeVar

from xmodal.benchmarks.speed.interleaved import in_turns

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Numbered(Protocol[T_co]):
    """What has a batch for each step."""

    def __len__(self) -> int: ...

    def __getitem__(self, step: int, /) -> T_co: ...


class Blocks(Generic[T]):
    """Batches for a run of any length; before each block of steps it waits for a line on standard input.

    It prints the seconds of each block, from the request of its first batch to that of the next block's. The process
    ends with the input.

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
        if not sys.stdin.readline():
            sys.exit()
        self.began = perf_counter()


class Loop:
    """A process whose training loop reads from `Blocks`; to be used in a `with`.

    Args:
        command: starts the process.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def block(self) -> float:
        """The seconds of the next block.

        Raises:
            RuntimeError: the process has ended.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write("next\n")
            self.process.stdin.flush()
            return float(self.process.stdout.readline())
        except (OSError, ValueError) as error:
            raise RuntimeError(f"a training loop ended with exit code {self.process.wait()}") from error

    def __enter__(self) -> Loop:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.process.kill()
        self.process.communicate()  # it ends with its input


def started_several_times(
    sides: Sequence[str], command: Callable[[str, int], Sequence[str]], *, rounds: int, starts: int, block: int
) -> dict[str, list[float]]:
    """Milliseconds a step, by side: one value a block; the blocks are shared among several starts of all loops.

    Args:
        command: (side, number of blocks) -> what starts its process.
        rounds: blocks of each loop; block: steps in each.
    """
    found: dict[str, list[float]] = {side: [] for side in sides}
    for start in range(starts):
        count = rounds * (start + 1) // starts - rounds * start // starts
        if not count:
            continue
        with ExitStack() as stack:
            loops = {side: stack.enter_context(Loop(command(side, count))) for side in sides}
            seconds = in_turns({side: loop.block for side, loop in loops.items()}, rounds=count)
        for side, values in seconds.items():
            found[side] += [1e3 * value / block for value in values]
    return found
