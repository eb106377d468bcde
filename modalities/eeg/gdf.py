"""What the header of a GDF file promises, held against the file before anything is read on its word.

Schloegl: GDF, a general data format for biosignals, arXiv:cs/0608052. Versions 1 and 2 place their fields alike but
for the header's size and the kind of the digital range.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xmodal.errors import DataError

FIXED, PER_SIGNAL = 256, 256
TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 8, 8: 8, 16: 4, 17: 8}
"""Bytes of a sample by the code of its number type."""
PHYSICAL_MIN, PHYSICAL_MAX, DIGITAL_MIN, DIGITAL_MAX, SAMPLES, TYPE = 104, 112, 120, 128, 216, 220
"""Where the columns of the signal table start, in bytes a signal."""


def check_gdf(path: Path) -> None:
    """Raise DataError unless the file has room for the signals, records and events that its header announces."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(FIXED)
        version = _version(path, head)
        signals, start = _layout(path, head, version)
        if start != FIXED + signals * PER_SIGNAL and version < 1.9:
            expected = f"{FIXED + signals * PER_SIGNAL} for {signals} signals"
            raise DataError(f"{path}: bytes in header", expected=expected, found=f"{start}")
        if not FIXED + signals * PER_SIGNAL <= start <= size:
            found = f"{start} in a file of {size} bytes"
            raise DataError(f"{path}: bytes in header", expected=f"room for {signals} signals", found=found)
        table = file.read(signals * PER_SIGNAL)
        _check_ranges(path, table, signals, version)
        end = start + _data_bytes(path, head, table, signals)
        if end > size:
            found = f"{size - start}: the file is cut off or its header is wrong"
            raise DataError(f"{path}: data records", expected=f"{end - start} bytes", found=found)
        file.seek(end)
        _check_events(path, file.read(8), version, size - end)


def _version(path: Path, head: bytes) -> float:
    match = re.fullmatch(rb"GDF ([12]\.\d\d).?", head[:8].rstrip(b" \0"))
    if not match:
        raise DataError(path, expected="'GDF 1.xx' or 'GDF 2.xx' at its start", found=f"{head[:8]!r}")
    if len(head) < FIXED:
        raise DataError(f"{path}: header", expected=f"{FIXED} bytes", found=f"{len(head)}")
    return float(match[1])


def _layout(path: Path, head: bytes, version: float) -> tuple[int, int]:
    """(number of signals, bytes of the whole header)."""
    if version < 1.9:
        (start,), (signals,) = struct.unpack_from("<q", head, 184), struct.unpack_from("<I", head, 252)
    else:
        (blocks,), (signals,) = struct.unpack_from("<H", head, 184), struct.unpack_from("<H", head, 252)
        start = blocks * 256
    if signals < 1:
        raise DataError(f"{path}: number of signals", expected="at least 1", found="0")
    return signals, start


def _column(table: bytes, at: int, signals: int, dtype: str) -> NDArray[np.float64]:
    return np.frombuffer(table, dtype, signals, at * signals).astype(np.float64)


def _check_ranges(path: Path, table: bytes, signals: int, version: float) -> None:
    digital = "<i8" if version < 1.9 else "<f8"
    for name, low, high in (
        ("physical range", _column(table, PHYSICAL_MIN, signals, "<f8"), _column(table, PHYSICAL_MAX, signals, "<f8")),
        ("digital range", _column(table, DIGITAL_MIN, signals, digital), _column(table, DIGITAL_MAX, signals, digital)),
    ):
        good = np.isfinite(low) & np.isfinite(high) & (np.abs(low) < 1e30) & (np.abs(high) < 1e30) & (low < high)
        if not good.all():
            bad = int(np.argmin(good))
            found = f"{low[bad]:g} and {high[bad]:g}"
            raise DataError(f"{path}: {name} of signal {bad + 1}", expected="minimum below maximum", found=found)


def _data_bytes(path: Path, head: bytes, table: bytes, signals: int) -> int:
    counts = np.frombuffer(table, "<i4", signals, SAMPLES * signals).tolist()
    types = np.frombuffer(table, "<i4", signals, TYPE * signals).tolist()
    for number, (count, kind) in enumerate(zip(counts, types, strict=True), 1):
        if count < 1:
            raise DataError(f"{path}: samples of signal {number}", expected="at least 1", found=f"{count}")
        if kind not in TYPE_BYTES:
            found = f"{kind}"
            raise DataError(f"{path}: number type of signal {number}", expected=f"{sorted(TYPE_BYTES)}", found=found)
    (records,) = struct.unpack_from("<q", head, 236)
    numerator, denominator = struct.unpack_from("<II", head, 244)
    if records < 1:
        raise DataError(f"{path}: number of records", expected="at least 1", found=f"{records}")
    if not numerator or not denominator:
        found = f"{numerator} / {denominator} s"
        raise DataError(f"{path}: duration of a record", expected="a positive fraction", found=found)
    record = sum(count * TYPE_BYTES[kind] for count, kind in zip(counts, types, strict=True))
    return int(records * record)


def _check_events(path: Path, head: bytes, version: float, room: int) -> None:
    """`head` is the start of the event table, which may be missing; `room` the bytes that are left for it."""
    if not head:
        return
    if len(head) < 8:
        raise DataError(f"{path}: event table", expected="8 bytes at least", found=f"{len(head)}")
    mode = head[0]
    count = struct.unpack_from("<I", head, 4)[0] if version < 1.94 else int.from_bytes(head[1:4], "little")
    if mode not in (0, 1, 3):
        raise DataError(f"{path}: mode of the event table", expected="1 or 3", found=f"{mode}")
    wanted = 8 + count * {0: 0, 1: 6, 3: 12}[mode]
    if wanted > room:
        raise DataError(f"{path}: event table", expected=f"{wanted} bytes for {count} events", found=f"{room}")
