"""Shares of a computation on one core each.

An operation on a tile that all cores take part in waits for the slowest of them, and a sweep is hundreds of such
operations: where other programs run too, waiting takes several times as long as computing. Whole shares wait once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch
from torch import Tensor

S = TypeVar("S")
R = TypeVar("R")

MOST = 8
"""Threads; more of them would wait for the interpreter's lock."""
WORTH = 2**20
"""Logits of a share that are worth a thread."""
OPENMP = "backend: OpenMP" in torch.__config__.parallel_info()
"""Then the number of cores belongs to the calling thread; other builds of torch have one for all."""


def worthwhile_shares(logits: int, x: Tensor) -> int:
    """How many shares to make of so many logits on the device of x."""
    if x.device.type != "cpu" or not OPENMP:
        return 1
    return max(1, min(torch.get_num_threads(), MOST, logits // WORTH))


def in_threads(work: Callable[[S], R], shares: Sequence[S]) -> list[R]:
    """work(share) of each, in a thread of its own whose operations use one core; a single one here and as always."""
    if len(shares) == 1:
        return [work(shares[0])]

    def without_grad(share: S) -> R:
        with torch.no_grad():  # a new thread does not inherit it
            return work(share)

    threads = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(len(shares), initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return list(pool.map(without_grad, shares))
    finally:
        torch.set_num_threads(threads)  # what threads to come begin with
