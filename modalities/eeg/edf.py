"""What the header of an EDF or BDF file promises, held against the file before anything is read on its word.

Kemp, Olivan: European data format 'plus' (EDF+), Clinical Neurophysiology 2003. BDF has 24-bit samples in the same
layout. A header of 256 bytes is followed by 256 bytes a signal, field by field, then the data records.
"""

from __future__ import annotations

import math
from pathlib import Path

from xmodal.errors import DataError

FIXED, PER_SIGNAL = 256, 256
MAGIC = {".edf": b"0       ", ".bdf": b"\xffBIOSEMI"}
SAMPLE_BYTES = {".edf": 2, ".bdf": 3}
ANNOTATIONS = (b"EDF Annotations", b"BDF Annotations")
# Where the columns of the signal table start, in bytes a signal; each field is 8 bytes wide.
UNIT, PHYSICAL_MIN, PHYSICAL_MAX, DIGITAL_MIN, DIGITAL_MAX, SAMPLES = 96, 104, 112, 120, 128, 216


def check_edf(path: Path) -> None:
    """Raise DataError unless the file holds exactly the records that its header announces."""
    kind, size = path.suffix.lower(), path.stat().st_size
    with path.open("rb") as file:
        head = file.read(FIXED)
        if head[:8] != MAGIC[kind]:
            raise DataError(path, expected=f"{MAGIC[kind]!r} at its start", found=f"{head[:8]!r}")
        if len(head) < FIXED:
            raise DataError(f"{path}: header", expected=f"{FIXED} bytes", found=f"{len(head)}")
        signals = _integer(path, "number of signals", head[252:256], low=1)
        _check_header_size(path, head, signals, size)
        table = file.read(signals * PER_SIGNAL)
    if head[192:197] in (b"EDF+D", b"BDF+D"):
        raise DataError(path, expected="a continuous recording", found="one with gaps (+D)")
    _check_ranges(path, table, signals)
    _check_records(path, head, table, signals, size, SAMPLE_BYTES[kind])


def edf_units(path: Path) -> list[str]:
    """The unit of each signal of a checked file, in order, annotations left out."""
    with path.open("rb") as file:
        signals = int(file.read(FIXED)[252:256])
        table = file.read(signals * PER_SIGNAL)
    labels = [table[16 * i : 16 * i + 16].strip() for i in range(signals)]
    units = [raw.decode("latin-1").strip(" \0") for raw in _column(table, UNIT, signals)]
    return [unit for label, unit in zip(labels, units, strict=True) if label not in ANNOTATIONS]


def _check_header_size(path: Path, head: bytes, signals: int, size: int) -> None:
    wanted = FIXED + signals * PER_SIGNAL
    stated = _integer(path, "bytes in header", head[184:192], low=FIXED)
    if stated != wanted:
        raise DataError(f"{path}: bytes in header", expected=f"{wanted} for {signals} signals", found=f"{stated}")
    if size < wanted:
        raise DataError(f"{path}: header of {signals} signals", expected=f"{wanted} bytes", found=f"{size}")


def _check_ranges(path: Path, table: bytes, signals: int) -> None:
    for low_at, high_at, name in (
        (PHYSICAL_MIN, PHYSICAL_MAX, "physical range"),
        (DIGITAL_MIN, DIGITAL_MAX, "digital range"),
    ):
        lows, highs = _column(table, low_at, signals), _column(table, high_at, signals)
        for number, (low, high) in enumerate(zip(lows, highs, strict=True), 1):
            where = f"{path}: {name} of signal {number}"
            a, b = _real(where, low), _real(where, high)
            if a == b or (name == "digital range" and a > b):
                raise DataError(where, expected="a minimum below the maximum", found=f"{a:g} and {b:g}")


def _check_records(path: Path, head: bytes, table: bytes, signals: int, size: int, width: int) -> None:
    fields = _column(table, SAMPLES, signals)
    counts = [_integer(path, f"samples of signal {number}", raw, low=1) for number, raw in enumerate(fields, 1)]
    duration = _real(f"{path}: duration of a record", head[244:252])
    if duration <= 0:
        raise DataError(f"{path}: duration of a record", expected="a positive number of seconds", found=f"{duration:g}")
    records = _integer(path, "number of records", head[236:244], low=-1)
    record, room = sum(counts) * width, size - FIXED - signals * PER_SIGNAL
    if records == -1 and room and room % record == 0:  # "unknown", as a recorder leaves it when it is not closed
        return
    if records < 1 or records * record != room:
        expected = f"{records} of {record} bytes each" if records > 0 else "at least 1"
        raise DataError(f"{path}: data records", expected=expected, found=f"{room} bytes of data")


def _column(table: bytes, at: int, signals: int) -> list[bytes]:
    return [table[at * signals + 8 * i : at * signals + 8 * i + 8] for i in range(signals)]


def _integer(path: Path, name: str, raw: bytes, *, low: int) -> int:
    text = raw.decode("ascii", "replace").strip(" \0")
    try:
        value = int(text)
    except ValueError:
        raise DataError(f"{path}: {name}", expected="a whole number", found=f"{raw!r}") from None
    if value < low:
        raise DataError(f"{path}: {name}", expected=f"at least {low}", found=f"{value}")
    return value


def _real(where: str, raw: bytes) -> float:
    try:
        value = float(raw.decode("ascii", "replace").strip(" \0").replace(",", "."))
    except ValueError:
        raise DataError(where, expected="a number", found=f"{raw!r}") from None
    if not math.isfinite(value):
        raise DataError(where, expected="a finite number", found=f"{value}")
    return value
