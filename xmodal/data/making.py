"""Makes the samples of a simulated world, in several processes where there are many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

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
    """
    if workers < 2 or len(jobs) < FEW:
        return [make(job) for job in jobs]
    # A fresh interpreter: forking a process in which torch runs threads can deadlock.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(make, jobs, chunksize=chunk))
