"""Image-text pairs in tar files as webdataset lays them out: members of one key side by side.

https://github.com/webdataset/webdataset: the key is the name up to the first dot of its last component, the rest names
the column.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from xmodal.data.tar_index import members
from xmodal.errors import DataError
from xmodal.modalities.text.pairs import IMAGE_SUFFIXES, TEXT_SUFFIXES, ImageTextPairs, Part, Record


def read_tar_pairs(
    paths: Path | str | Sequence[Path | str], image_key: str = "image", text_key: str = "text"
) -> ImageTextPairs:
    """The pairs of one or more uncompressed tar files; columns jpg, jpeg or png, and txt (else json). Others are left.

    Only headers are read here; pixels and captions when a sample is asked for.

    Raises:
        DataError: an archive that is cut off or damaged; a member outside the archive ("..", absolute), of no plain
            kind, twice, or apart from its key; a key without its image or its caption; a key in two archives.
    """
    listed = [paths] if isinstance(paths, (str, Path)) else list(paths)
    records: list[Record] = []
    owner: dict[str, Path] = {}
    for path in map(Path, listed):
        for record in _records(path):
            if record.key in owner:
                found = f"it in {owner[record.key]} as well" if owner[record.key] != path else "it again"
                raise DataError(f"{path}: key {record.key!r}", expected="each key once", found=found)
            owner[record.key] = path
            records.append(record)
    if not records:
        raise DataError(listed[0] if listed else "tar files", expected="at least one pair", found="none")
    return ImageTextPairs(records, image_key, text_key)


def _records(path: Path) -> Iterator[Record]:
    columns: dict[str, Part] = {}
    key = ""
    done: set[str] = set()
    for member in members(path):
        part = Part(member.tar, member.name, member.start, member.size)
        stem, column = _split(part)
        if stem != key:
            if columns:
                yield _record(path, key, columns)
            if stem in done:
                found = "others in between"
                raise DataError(f"{path}: key {stem!r}", expected="its members side by side", found=found)
            done.add(stem)
            key, columns = stem, {}
        if column in columns:
            raise DataError(part.where, expected="each member once", found="it twice")
        columns[column] = part
    if columns:
        yield _record(path, key, columns)


def _record(path: Path, key: str, columns: dict[str, Part]) -> Record:
    where = f"{path}: key {key!r}"
    images = [columns[suffix] for suffix in IMAGE_SUFFIXES if suffix in columns]
    texts = [columns[suffix] for suffix in TEXT_SUFFIXES if suffix in columns]
    if not texts:
        raise DataError(where, expected=f"a caption {key}.txt or {key}.json", found=f"only {sorted(columns)}")
    if len(images) != 1:
        found = f"only {sorted(columns)}" if not images else f"{len(images)} of them"
        raise DataError(where, expected=f"one image, {key}.jpg or {key}.png", found=found)
    return Record(key, images[0], texts[0])


def _split(part: Part) -> tuple[str, str]:
    """The key of a member, and its column in lower case."""
    folder, slash, name = part.name.rpartition("/")
    stem, dot, column = name.partition(".")
    if not stem or not dot or not column:
        raise DataError(part.where, expected="a name KEY.SUFFIX", found=repr(name))
    return f"{folder}{slash}{stem}", column.lower()
