"""What a step frees stays with the process, and the heap comes to lie in huge pages as it was."""

import sys
from pathlib import Path

import pytest
import torch

from xmodal.engine import memory

MIB = 1 << 20
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="huge pages and page faults of Linux")


@linux
def test_blocks_that_are_asked_for_again_are_not_cleared_by_the_system_again():
    import resource

    if not memory.keep():
        pytest.skip("another C library than glibc")

    def faults() -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

    def step() -> None:
        """Several blocks at once: a single one glibc would learn to keep by itself."""
        held = [torch.ones(4 * MIB) for _ in range(4)]
        del held

    for _ in range(10):  # glibc keeps up to seven splinters of aligned blocks, between which the heap grows at first
        step()
    before = faults()
    for _ in range(20):
        step()
    assert faults() - before < 2000  # were the 64 MiB given back, 16,384 each time


@linux
def test_the_heap_lies_in_huge_pages_and_holds_what_it_held():
    memory.keep()
    kept = [torch.arange(MIB // 4) + number for number in range(32)]
    gathered = memory.gather()
    if not gathered:
        pytest.skip("this system has no huge pages to give")
    assert huge_pages_of_the_heap() >= gathered - 4 * MIB
    assert all(torch.equal(tensor, torch.arange(MIB // 4) + number) for number, tensor in enumerate(kept))


def huge_pages_of_the_heap() -> int:
    """Bytes, as the system counts them."""
    found, inside = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split()[0]:
            inside = line.endswith("[heap]")
        elif inside and line.startswith("AnonHugePages:"):
            found += int(line.split()[1]) * 1024
    return found


def test_where_the_owner_wants_none_nothing_is_moved(monkeypatch):
    monkeypatch.setattr(memory, "_wanted", lambda: False)
    assert memory.gather() == 0


def test_another_system_goes_without(monkeypatch):
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    assert memory.gather() == 0
