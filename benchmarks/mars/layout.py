"""Where the files of the data set lie, what its movements are called, and what to tell a user who lacks a file."""

from __future__ import annotations

from pathlib import Path

from xmodal.errors import DataError

SUBJECTS = (1, 2, 3, 4)
MOVEMENTS = (
    "left upper limb extension",
    "right upper limb extension",
    "both upper limb extension",
    "left front lunge",
    "right front lunge",
    "squat",
    "left side lunge",
    "right side lunge",
    "left limb extension",
    "right limb extension",
)
PARTS = ("train", "validate", "test")
ABSENT = {(1, "train")}
"""Skeletons that the repository itself lacks: the first 60 % of the frames of subject 1."""
NOT_MADE = {(4, 10)}
"""(subject, movement) that was not recorded."""
LICENCE = "MIT (An and Ogras, MARS)"
SOURCE = "https://github.com/SizheAn/MARS"
EXPECTED = (
    f"the repository {SOURCE} ({LICENCE}) with <root>/synced_data/wooutlier/subject<1..4>/radar_data<1..10>.mat "
    "and subject<1..4>/timesplit/kinect_data_<train, validate, test>.csv"
)


def folder(root: Path, subject: int) -> Path:
    """The recordings of one subject, outliers removed."""
    return root / "synced_data" / "wooutlier" / f"subject{subject}"


def radar_file(root: Path, subject: int, movement: int) -> Path:
    """The radar points of one movement, counted from 1."""
    return folder(root, subject) / f"radar_data{movement}.mat"


def skeleton_file(root: Path, subject: int, part: str) -> Path:
    """The skeletons of all movements of one subject in one of `PARTS`."""
    return folder(root, subject) / "timesplit" / f"kinect_data_{part}.csv"


def check_files(root: Path) -> None:
    """Refuse a folder in which a file is missing that the repository has.

    Raises:
        DataError: names the file, and where to get it.
    """
    needed = [root]
    needed += [radar_file(root, s, m) for s in SUBJECTS for m in movements(s)]
    needed += [skeleton_file(root, s, p) for s in SUBJECTS for p in PARTS if (s, p) not in ABSENT]
    for path in needed:
        if not path.exists():
            raise DataError(path, expected=EXPECTED, found="no such file or folder")


def movements(subject: int) -> tuple[int, ...]:
    """The numbers, from 1, of the movements that the subject made."""
    return tuple(m for m in range(1, len(MOVEMENTS) + 1) if (subject, m) not in NOT_MADE)
