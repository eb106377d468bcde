"""Find the scans of a BIDS data set: `sub-*/[ses-*/]{anat,pet}/`.

Gorgolewski et al., Scientific Data 2016; Norgaard et al. (PET-BIDS), Scientific Data 2022;
https://bids-specification.readthedocs.io
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from xmodal.errors import DataError

FOLDERS = {"T1w": "anat", "T2w": "anat", "FLAIR": "anat", "pet": "pet"}
_ENTITY = re.compile(r"([a-z]+)-([A-Za-z0-9]+)")


@dataclass(frozen=True, slots=True)
class Scan:
    """One image file.

    Attributes:
        subject, session: labels without "sub-" and "ses-"; session is "" in a data set without sessions.
        suffix: "T1w", "pet", ...
        entities: the other labels in the file's name, such as {"trc": "FBB", "run": "1"}.
        image: the .nii or .nii.gz file.
        sidecar: the .json file beside it; PET always has one.
    """

    subject: str
    session: str
    suffix: str
    entities: Mapping[str, str]
    image: Path
    sidecar: Path | None


@dataclass(frozen=True, slots=True)
class ScanPair:
    """A PET scan with the MRI of the same subject and session, None where there is none."""

    pet: Scan
    mri: Scan | None


def find_scans(root: Path | str, suffix: str) -> list[Scan]:
    """All images of one kind, sorted by path.

    Args:
        root: the folder that holds sub-*.
        suffix: "T1w", "T2w", "FLAIR" or "pet".

    Raises:
        DataError: no subjects; a name that contradicts its folder or breaks the naming rule; an image both as .nii
            and .nii.gz; a PET image without its _pet.json beside it, or the reverse.
    """
    root = Path(root)
    if suffix not in FOLDERS:
        raise DataError("suffix", expected=f"one of {sorted(FOLDERS)}", found=repr(suffix))
    subjects = sorted(p for p in root.glob("sub-*") if p.is_dir())
    if not subjects:
        raise DataError(root, expected="a BIDS data set with folders sub-*", found="none")
    return [scan for subject in subjects for scan in _subject(subject, suffix)]


def find_pairs(root: Path | str, mri: str = "T1w") -> list[ScanPair]:
    """Every PET scan with the MRI of its session.

    Raises:
        DataError: as `find_scans`; or a session has several MRI of that kind (then pair `find_scans` by hand).
    """
    by_session: dict[tuple[str, str], list[Scan]] = {}
    for scan in find_scans(root, mri):
        by_session.setdefault((scan.subject, scan.session), []).append(scan)
    pairs = []
    for pet in find_scans(root, "pet"):
        found = by_session.get((pet.subject, pet.session), [])
        if len(found) > 1:
            names = ", ".join(scan.image.name for scan in found)
            raise DataError(f"{mri} for {pet.image.name}", expected="one in its session", found=names)
        pairs.append(ScanPair(pet, found[0] if found else None))
    return pairs


def _subject(folder: Path, suffix: str) -> list[Scan]:
    sessions = sorted(p for p in folder.glob("ses-*") if p.is_dir())
    scans = []
    for place, session in [(folder, ""), *((s, s.name.removeprefix("ses-")) for s in sessions)]:
        inside = place / FOLDERS[suffix]
        images = sorted(p for ending in ("nii", "nii.gz") for p in inside.glob(f"*_{suffix}.{ending}"))
        _check_stems(inside, suffix, images)
        scans += [_scan(path, folder.name.removeprefix("sub-"), session, suffix) for path in images]
    return scans


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".nii").removesuffix(".json")


def _check_stems(folder: Path, suffix: str, images: list[Path]) -> None:
    stems = [_stem(path) for path in images]
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    if twice:
        raise DataError(folder / twice[0], expected=".nii or .nii.gz", found="both")
    if suffix == "pet":
        alone = sorted({_stem(path) for path in folder.glob("*_pet.json")} - set(stems))
        if alone:
            raise DataError(folder / f"{alone[0]}.json", expected=f"{alone[0]}.nii.gz beside it", found="no image")


def _scan(path: Path, subject: str, session: str, suffix: str) -> Scan:
    parts = [_ENTITY.fullmatch(part) for part in _stem(path).split("_")[:-1]]
    entities = {part[1]: part[2] for part in parts if part}
    if not all(parts) or len(entities) != len(parts):
        raise DataError(path, expected="a name of parts key-label, each key once", found=path.name)
    named = entities.pop("sub", ""), entities.pop("ses", "")
    if named != (subject, session):
        expected = f"sub-{subject}" + (f" and ses-{session}" if session else " and no session")
        raise DataError(path, expected=f"{expected} in its name, as its folder says", found=path.name)
    sidecar = path.with_name(f"{_stem(path)}.json")
    if suffix == "pet" and not sidecar.is_file():
        raise DataError(path, expected=f"its companion {sidecar.name} beside it", found="no such file")
    return Scan(subject, session, suffix, entities, path, sidecar if sidecar.is_file() else None)
