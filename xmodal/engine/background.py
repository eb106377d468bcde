"""Writes files while training goes on: what is waited for is the disk, not the processor."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread


class Background:
    """One piece of work at a time, in the order in which it came; to be used in a `with`, which waits at its end.

    An error of the work is raised by the next call, so that a full disk stops the run.
    """

    def __init__(self) -> None:
        self.thread: Thread | None = None
        self.error: BaseException | None = None

    def __enter__(self) -> Background:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Waits; of two errors that of the caller counts."""
        if kind is None:
            self.wait()
        elif self.thread is not None:
            self.thread.join()

    def do(self, work: Callable[[], object]) -> None:
        """Begin, after what was begun before has ended."""
        self.wait()

        def kept() -> None:
            try:
                work()
            except BaseException as error:
                self.error = error

        self.thread = Thread(target=kept, name="xmodal files", daemon=False)
        self.thread.start()

    def wait(self) -> None:
        """Until nothing is under way."""
        if self.thread is not None:
            self.thread.join()
            self.thread = None
        error, self.error = self.error, None
        if error is not None:
            raise error
