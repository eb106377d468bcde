"""Where the recordings lie, which of them count, and what to tell a user who lacks them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xmodal.errors import DataError

LICENCE = "CC0 1.0 (Kalunga, Chevallier, Barthelemy et al.)"
SOURCE = "https://github.com/sylvchev/dataset-ssvep-exoskeleton"
EXPECTED = (
    f"the SSVEP exoskeleton recordings ({SOURCE}, {LICENCE}) as <root>/subject<NN>/record-[<time>]_raw.fif, each with "
    "record-[<time>]-eve.fif beside it"
)
EXCLUDED = (
    "subject07/record-[2012.07.11-15.33.08]",  # the very file of subject 3: it would stand in training and test
    "subject08/record-[2013.04.06-16.22.32]",
    "subject10/record-[2014.02.26-15.10.48]",
    "subject10/record-[2014.02.26-15.50.09]",
    "subject11/record-[2014.02.24-17.56.37]",
    "subject11/record-[2014.02.24-18.02.40]",
)
"""Sessions left out: a copy, and those that the authors leave out (lost synchronisation, failing hardware)."""
_RAW, _EVENTS = "_raw.fif", "-eve.fif"


@dataclass(frozen=True, slots=True)
class Session:
    """One recording session of one subject; the events stand in a file of their own."""

    subject: str
    name: str
    recording: Path
    events: Path


def sessions(root: Path) -> tuple[Session, ...]:
    """All sessions that count, by subject and time.

    Raises:
        DataError: `root` is no folder, holds no session, or a session lacks its events.
    """
    if not root.is_dir():
        raise DataError(root, expected=EXPECTED, found="no such folder")
    found = []
    for path in sorted(root.glob(f"subject*/*{_RAW}")):
        stem = path.name.removesuffix(_RAW)
        if f"{path.parent.name}/{stem}" in EXCLUDED:
            continue
        events = path.with_name(stem + _EVENTS)
        if not events.is_file():
            raise DataError(events, expected="the events of the recording beside it", found="no such file")
        found.append(Session(path.parent.name, stem.removeprefix("record-").strip("[]"), path, events))
    if not found:
        raise DataError(root, expected=EXPECTED, found=f"no subject*/*{_RAW}")
    return tuple(found)
