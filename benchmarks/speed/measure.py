"""Time and peak memory of one call, and the machine they were measured on."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import torch

STATUS, FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def measured(call: Callable[[], object], *, seconds: float = 1.0) -> dict[str, float]:
    """The median time of a call, and by how many bytes the first one raised the resident memory of this process.

    Run it in a process of its own, with the inputs in memory and everything loaded. The peak is the kernel's
    high-water mark (VmHWM), set back to the present before the call; where there is none, that of getrusage, which
    cannot be set back and so shows what the call needed beyond the largest need before.

    Args:
        call: what is measured.
        seconds: it is repeated for about so long; one call that takes longer is enough.
    """
    before = _resident_bytes()
    start = perf_counter()
    call()
    times = [perf_counter() - start]
    extra = max(0, _peak_bytes() - before)
    if times[0] < seconds:
        times = []
    while sum(times) < seconds:
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return {"seconds": median(times), "extra_bytes": extra}


def compiles(call: Callable[[], object]) -> bool:
    """Whether torch.compile finds what it needs on this machine: tried with a small call of a compiled function."""
    try:
        call()
    except Exception as error:
        print(f"torch.compile is left out: {str(error).strip().splitlines()[0]}")
        return False
    return True


def machine() -> dict[str, str | int]:
    """Processor, system, threads and versions."""
    name = platform.processor()
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), name)
    return {
        "processor": name or platform.machine(),
        "system": platform.platform(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
    }


def free_bytes() -> int:
    """Memory that can be had now; without limit where the system does not say."""
    with suppress(OSError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("MemAvailable")).split()[1])
    return sys.maxsize


def _resident_bytes() -> int:
    if not STATUS.exists():
        return _peak_bytes()
    with suppress(OSError):  # not allowed everywhere; then the peak may be that of an import
        FORGET.write_text("5", encoding="ascii")
    return _status("VmRSS")


def _peak_bytes() -> int:
    if STATUS.exists():
        return _status("VmHWM")
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _status(field: str) -> int:
    lines = STATUS.read_text(encoding="ascii").splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(f"{field}:")).split()[1])
