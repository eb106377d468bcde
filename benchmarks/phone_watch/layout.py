"""Where the files of the data set lie, and what to tell a user who lacks them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from xmodal.errors import DataError

LICENCE = "CC BY 4.0 (GeoTec, Universitat Jaume I)"
SOURCE = "https://github.com/GeoTecINIT/sp-sw-har-dataset"
EXPECTED = (
    f"the data set of {SOURCE} ({LICENCE}) with <root>/DATA/s<subject>/s<subject>_<execution>_sp.csv (phone) and "
    "..._sw.csv (watch)"
)
DEVICES = {"phone": "sp", "watch": "sw"}
_NAME = re.compile(r"(s\d+)_(\d+)_(sp|sw)\.csv")


@dataclass(frozen=True, slots=True)
class Execution:
    """One performance of the activities.

    Attributes:
        subject: "s01"; key: "s01_03".
        files: by device ("phone", "watch"), both there.
    """

    subject: str
    key: str
    files: dict[str, Path]


def executions(root: Path) -> list[Execution]:
    """All executions, sorted by subject and number.

    Raises:
        DataError: no folder DATA, no recording in it, or an execution with one of the two files only.
    """
    if not (root / "DATA").is_dir():
        raise DataError(root / "DATA", expected=EXPECTED, found="no such folder")
    keys = set()
    for path in (root / "DATA").glob("s*/*.csv"):
        match = _NAME.fullmatch(path.name)
        if match and match[1] == path.parent.name:
            keys.add((match[1], f"{match[1]}_{match[2]}"))
    if not keys:
        raise DataError(root / "DATA", expected=EXPECTED, found="no recording")
    found = []
    for subject, key in sorted(keys):
        files = {device: root / "DATA" / subject / f"{key}_{short}.csv" for device, short in DEVICES.items()}
        for path in files.values():
            if not path.is_file():
                raise DataError(path, expected="a file of each device for every execution", found="no such file")
        found.append(Execution(subject, key, files))
    return found
