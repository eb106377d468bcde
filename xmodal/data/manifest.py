"""Reads `manifest.csv`: key, one column a modality, label, split."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xmodal.data.sample import moment_of
from xmodal.errors import DataError

RESERVED = ("key", "label", "split")
PARTS = ("train", "val", "test")
POSE = "pose:"
"""What the name of a column of poses begins with; after it stands the entry."""


@dataclass(frozen=True, slots=True)
class Row:
    """One sample of a manifest.

    Attributes:
        files, poses: by entry, paths relative to the manifest.
        label: "" where unlabelled.
    """

    key: str
    files: Mapping[str, str]
    label: str
    split: str
    poses: Mapping[str, str] = field(default_factory=dict)


def read_manifest(path: Path) -> list[Row]:
    """The rows of a manifest, or a DataError that names the line and the column at fault."""
    if not path.is_file():
        raise DataError(
            path, expected="a CSV file with columns key, one a modality, label, split", found="no such file"
        )
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            columns = list(reader.fieldnames or ())
            _check_columns(path, columns)
            rows = [_row(f"{path}, line {reader.line_num}", record, columns) for record in reader]
    except UnicodeDecodeError as error:
        found = f"the byte {error.object[error.start]:#x} that is none"
        raise DataError(path, expected="comma-separated text in UTF-8", found=found) from None
    except csv.Error as error:
        found = f"a line that breaks its rules ({error})"
        raise DataError(path, expected="a table with commas and quotes that close", found=found) from error
    seen: set[str] = set()
    for row in rows:
        if row.key in seen:
            raise DataError(f"{path}: key {row.key!r}", expected="each key once", found="it again")
        seen.add(row.key)
    if not rows:
        raise DataError(path, expected="at least one row", found="none")
    return rows


def _check_columns(path: Path, columns: list[str]) -> None:
    for name in RESERVED:
        if name not in columns:
            raise DataError(f"{path}: column {name!r}", expected="in the header", found=f"the header {columns}")
    if len(set(columns)) < len(columns):
        raise DataError(path, expected="each column once", found=f"the header {columns}")
    entries = [name for name in columns if name not in RESERVED and not name.startswith(POSE)]
    for name in columns:
        if name.startswith(POSE) and name.removeprefix(POSE) not in entries:
            expected = f"{POSE} and one of the columns {', '.join(entries)}"
            raise DataError(f"{path}: column {name!r}", expected=expected, found=repr(name.removeprefix(POSE)))
    for name in entries:
        if moment_of(name) >= 0 and "@" in name:
            expected = "a negative number of steps after the @, such as lidar@-1"
            raise DataError(f"{path}: column {name!r}", expected=expected, found=repr(name.partition("@")[2]))
    if not entries:
        raise DataError(path, expected="at least one modality column, such as 'image'", found=f"the header {columns}")


def _row(where: str, record: Mapping[str | None, str | None], columns: list[str]) -> Row:
    if None in record or None in record.values():
        raise DataError(where, expected=f"{len(columns)} cells", found="another number")
    cells = {str(name): (value or "").strip() for name, value in record.items()}
    if not cells["key"]:
        raise DataError(f"{where}: column 'key'", expected="a name", found="nothing")
    if cells["split"] not in PARTS:
        raise DataError(f"{where}: column 'split'", expected=" or ".join(PARTS), found=repr(cells["split"]))
    named = {name: cells[name] for name in columns if name not in RESERVED and cells[name]}
    files = {name: file for name, file in named.items() if not name.startswith(POSE)}
    poses = {name.removeprefix(POSE): file for name, file in named.items() if name.startswith(POSE)}
    return Row(cells["key"], files, cells["label"], cells["split"], poses)
