"""Makes the samples of a simulated world, in several processes where there are many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar

from xmodal.errors import XmodalError

Job = TypeVar("Job")
Made = TypeVar("Made")

FEW = 50
"""Fewer jobs than this are done before the processes have started."""


def make_all(make: Callable[[Job], Made], jobs: Sequence[Job], *, workers: int, chunk: int) -> list[Made]:
    """`make` of every job, in order.

    Args:
        make: can be pickled, and depends on its job alone, so that the number of processes changes nothing.
        workers: processes; fewer than two work in this one.
        chunk: jobs that a process takes at a time.

    Raises:
        XmodalError: a process ended before its work: each imports the script that was started.
    """
    if workers < 2 or len(jobs) < FEW:
        return [make(job) for job in jobs]
    # A fresh interpreter: forking a process in which torch runs threads can deadlock.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        try:
            return list(pool.map(make, jobs, chunksize=chunk))
        except BrokenProcessPool:
            raise XmodalError(
                f"a process that makes samples ended early, of {workers}: in a script of your own, put what runs "
                "behind `if __name__ == '__main__':`, or set the benchmark's workers to 0"
            ) from None
