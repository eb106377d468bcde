"""Samples that several processes make: the same ones in the same order, and a process that dies is told."""

import os

import pytest

from xmodal.data.making import FEW, make_all
from xmodal.errors import XmodalError


def square(job):
    return job * job


def die(job):
    os._exit(1)


def test_the_number_of_processes_changes_nothing():
    jobs = range(FEW + 3)
    assert make_all(square, jobs, workers=2, chunk=4) == [square(job) for job in jobs]


def test_a_process_that_dies_says_what_a_script_has_to_do():
    with pytest.raises(XmodalError, match="if __name__ == '__main__'"):
        make_all(die, range(FEW), workers=2, chunk=4)
