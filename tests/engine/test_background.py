"""Work in the background is done in order, and its errors are not lost."""

import threading

import pytest

from xmodal.engine.background import Background
from xmodal.errors import DiskFull


def test_work_is_done_in_order_and_before_the_end():
    done, gate = [], threading.Event()
    with Background() as files:
        files.do(lambda: (gate.wait(5), done.append(1)))
        assert not done
        gate.set()
        files.do(lambda: done.append(2))
    assert done == [1, 2]


def test_an_error_is_raised_by_the_next_call():
    def full():
        raise DiskFull("no room")

    files = Background()
    files.do(full)
    with pytest.raises(DiskFull, match="no room"):
        files.do(lambda: None)
    files.wait()  # it is raised once
    with pytest.raises(DiskFull), Background() as again:
        again.do(full)


def test_the_callers_error_counts():
    def full():
        raise DiskFull("no room")

    def stopped():
        with Background() as files:
            files.do(full)
            raise KeyError

    with pytest.raises(KeyError):
        stopped()
