"""The header of a PCD 0.7 file: lines of text that say what columns the points have and how they are stored.

https://pointclouds.org/documentation/tutorials/pcd_file_format.html
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from xmodal.errors import DataError
from xmodal.modalities.lidar.files import MAX_NUMBERS

VERSIONS = ("0.7", ".7")
ENCODINGS = ("ascii", "binary", "binary_compressed")
LONGEST_HEADER = 65536
PADDING = "_"
_KINDS = {"I": "i", "U": "u", "F": "f"}
_SIZES = {"I": (1, 2, 4, 8), "U": (1, 2, 4, 8), "F": (4, 8)}
_REQUIRED = ("VERSION", "FIELDS", "SIZE", "TYPE", "WIDTH", "HEIGHT", "POINTS", "DATA")
_KNOWN = (*_REQUIRED, "COUNT", "VIEWPOINT")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a point: `count` numbers of type `dtype` (little-endian); the name "_" is padding."""

    name: str
    dtype: np.dtype[np.generic]
    count: int

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns: a field of several numbers is counted through."""
        return (self.name,) if self.count == 1 else tuple(f"{self.name}_{i}" for i in range(self.count))


@dataclass(frozen=True, slots=True)
class PcdHeader:
    """What the header says.

    Attributes:
        points: P.
        encoding: "ascii", "binary" or "binary_compressed".
        start: the byte where the points begin.
    """

    fields: tuple[Field, ...]
    points: int
    encoding: str
    start: int

    @property
    def point_bytes(self) -> int:
        return sum(field.dtype.itemsize * field.count for field in self.fields)


def parse_header(path: Path, data: bytes) -> PcdHeader:
    """Parse and check the header; a DataError names the line at fault."""
    lines, start = _lines(path, data)
    width, height, points = (_number(path, key, lines[key], least=1) for key in ("WIDTH", "HEIGHT", "POINTS"))
    if width * height != points:
        raise DataError(f"{path}: POINTS", expected=f"WIDTH x HEIGHT = {width} x {height}", found=f"{points}")
    if lines["VERSION"] not in ([v] for v in VERSIONS):
        raise DataError(f"{path}: VERSION", expected=f"one of {VERSIONS}", found=f"{' '.join(lines['VERSION'])!r:.40}")
    if len(lines["DATA"]) != 1 or lines["DATA"][0] not in ENCODINGS:
        raise DataError(f"{path}: DATA", expected=f"one of {ENCODINGS}", found=f"{' '.join(lines['DATA'])!r:.40}")
    header = PcdHeader(_fields(path, lines), points, lines["DATA"][0], start)
    columns = sum(field.count for field in header.fields)
    if columns * points > MAX_NUMBERS:
        found = f"{points} points of {columns}"
        raise DataError(f"{path}: POINTS", expected=f"at most {MAX_NUMBERS:,} numbers in all", found=found)
    return header


def _lines(path: Path, data: bytes) -> tuple[dict[str, list[str]], int]:
    """({key: words} of each line up to DATA, the byte after it)."""
    lines: dict[str, list[str]] = {}
    at = 0
    while "DATA" not in lines:
        end = data.find(b"\n", at, LONGEST_HEADER)
        if end < 0:
            found = "no such line" if data else "an empty file"
            raise DataError(f"{path}: header", expected="lines of text, the last beginning with DATA", found=found)
        words = data[at:end].decode("latin-1").split()
        at = end + 1
        if not words or words[0].startswith("#"):
            continue
        if words[0] not in _KNOWN or words[0] in lines:
            raise DataError(f"{path}: header", expected=f"one line for each of {_KNOWN}", found=f"{words[0]!r:.40}")
        lines[words[0]] = words[1:]
    missing = [key for key in _REQUIRED if key not in lines]
    if missing:
        raise DataError(f"{path}: header", expected=f"the lines {_REQUIRED}", found=f"none for {', '.join(missing)}")
    return lines, at


def _fields(path: Path, lines: dict[str, list[str]]) -> tuple[Field, ...]:
    names = lines["FIELDS"]
    counts = lines.get("COUNT", ["1"] * len(names))
    for key, words in (("SIZE", lines["SIZE"]), ("TYPE", lines["TYPE"]), ("COUNT", counts)):
        if len(words) != len(names) or not names:
            raise DataError(f"{path}: {key}", expected=f"one for each of {len(names)} fields", found=f"{len(words)}")
    fields = []
    for name, size, kind, count in zip(names, lines["SIZE"], lines["TYPE"], counts, strict=True):
        if kind not in _KINDS:
            raise DataError(f"{path}: TYPE of {name}", expected=f"one of {list(_KINDS)}", found=f"{kind!r:.40}")
        if size not in map(str, _SIZES[kind]):
            expected = f"one of {_SIZES[kind]} for type {kind}"
            raise DataError(f"{path}: SIZE of {name}", expected=expected, found=f"{size!r:.40}")
        number = _number(path, f"COUNT of {name}", [count], least=1)
        fields.append(Field(name, np.dtype(f"<{_KINDS[kind]}{size}"), number))
    _check_sizes(path, fields)
    return tuple(fields)


def _check_sizes(path: Path, fields: list[Field]) -> None:
    total = sum(field.count for field in fields)
    if total > LONGEST_HEADER:
        raise DataError(f"{path}: COUNT", expected=f"at most {LONGEST_HEADER} numbers a point", found=f"{total}")
    columns = [column for field in fields if field.name != PADDING for column in field.columns]
    if len(set(columns)) != len(columns) or not columns:
        raise DataError(f"{path}: FIELDS", expected="different names", found=f"{columns[:12]}")


def _number(path: Path, key: str, words: list[str], least: int) -> int:
    word = words[0] if len(words) == 1 else ""
    if not (word.isascii() and word.isdigit() and len(word) < 16) or int(word) < least:
        raise DataError(f"{path}: {key}", expected=f"a whole number from {least}", found=f"{' '.join(words)!r:.40}")
    return int(word)
