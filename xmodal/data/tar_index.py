"""Where the members of a tar lie, found from its headers alone; no member's name ever becomes a path on the disk.

Members are grouped as webdataset does (https://github.com/webdataset/webdataset): of "a/b.seg.png" the key is "a/b",
up to the first dot of the last component, and the column "seg.png". Names without a dot, or with nothing before it, and
names that begin with a component such as "__meta__" belong to no sample.
"""

from __future__ import annotations

import mmap
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from xmodal.errors import DataError

BLOCK = tarfile.BLOCKSIZE
CHUNK = 1 << 20
COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_META = re.compile(r"__[^/]*__($|/)")


@dataclass(frozen=True, slots=True)
class Member:
    """One file in a tar.

    Attributes:
        name: as the tar has it, without "./" before it.
        start, size: of its content, in bytes.
    """

    tar: Path
    name: str
    start: int
    size: int

    @property
    def where(self) -> str:
        return f"{self.tar}: member {self.name[:200]!r}"

    def chunks(self) -> Iterator[bytes]:
        """The content in pieces. The tar is opened for each member, so that processes share no place in a file.

        Raises:
            DataError: the tar is gone or shorter than it was.
        """
        if not self.tar.is_file():
            raise DataError(self.where, expected="its tar", found="no such file")
        left = self.size
        with self.tar.open("rb") as file:
            file.seek(self.start)
            while left:
                piece = file.read(min(left, CHUNK))
                if not piece:
                    found = f"{self.size - left}: the tar changed since its headers were read"
                    raise DataError(self.where, expected=f"{self.size} bytes", found=found)
                left -= len(piece)
                yield piece


Index = dict[str, dict[str, Member]]
"""By key, by column in lower case."""


def index_tar(path: Path) -> Index:
    """The members of an uncompressed tar by key and column; only headers are read.

    Raises:
        DataError: a tar that is missing, compressed, cut off or damaged; a member with a path out of the tar, of no
            plain kind, sparse, or twice.
    """
    index: Index = {}
    for member in members(path):
        key, column = _split(member.name)
        if not key:
            continue
        columns = index.setdefault(key, {})
        if column in columns:
            raise DataError(member.where, expected=f"one member .{column} a key", found="it twice")
        columns[column] = member
    return index


def members(path: Path) -> Iterator[Member]:
    """The plain files of a tar in order, each inside the file; errors as `index_tar`."""
    if not path.is_file():
        raise DataError(path, expected="a tar file", found="no such file")
    size = path.stat().st_size
    _check_start(path, size)
    # Mapped, because tarfile asks for as many bytes as a header claims, and a map gives no more than there are.
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        end = 0
        for info in _headers(path, view):
            name = _checked_name(path, info.name)
            where = f"{path}: member {name[:200]!r}"
            if not info.isdir() and (not info.isreg() or info.issparse()):
                raise DataError(where, expected="a plain file", found=_kind(info))
            length = 0 if info.isdir() else info.size
            if length < 0 or info.offset < end or info.offset_data + length > size:
                found = f"{info.size} bytes from {info.offset_data} on in a file of {size}"
                raise DataError(where, expected="data inside the tar", found=found)
            end = info.offset_data + -(-length // BLOCK) * BLOCK
            if not info.isdir():
                yield Member(path, name, info.offset_data, length)
        _check_end(path, view, end)


def _check_start(path: Path, size: int) -> None:
    with path.open("rb") as file:
        head = file.read(BLOCK)
    for magic, name in COMPRESSED.items():
        if head.startswith(magic) and head[257:262] != b"ustar":
            expected = (
                "an uncompressed tar, since samples are read from any place in it "
                "(unpack it once, or let a command do so: 'pipe:gzip -dc FILE')"
            )
            raise DataError(path, expected=expected, found=f"one compressed by {name}")
    if size < BLOCK:
        raise DataError(path, expected="a tar file", found=f"{size} bytes")


def _headers(path: Path, view: mmap.mmap) -> Iterator[tarfile.TarInfo]:
    try:
        with tarfile.open(fileobj=view, mode="r:") as archive:
            while (info := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined]  # it would keep every header of a large tar
                yield info
    except DataError:
        raise
    except Exception as error:  # tarfile lets errors of many types escape on damaged headers
        found = f"{len(view)} bytes whose headers do not read ({type(error).__name__})"
        raise DataError(path, expected="a complete tar file", found=found) from error


def _check_end(path: Path, view: mmap.mmap, end: int) -> None:
    """tarfile stops in silence at a header that is damaged, and at the end of the first of several tars in one file."""
    if view[end : end + BLOCK] != bytes(BLOCK):
        found = f"{len(view)} bytes without it: the tar is cut off or damaged at {end}"
        raise DataError(path, expected="an empty block after the last member", found=found)
    if view[end : end + CHUNK].strip(b"\0"):
        found = f"more data behind the end at {end}: several tars in one file?"
        raise DataError(path, expected="one tar", found=found)


def _kind(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return f"a link to {info.linkname[:200]!r}"
    return "a sparse file" if info.issparse() or info.type == tarfile.GNUTYPE_SPARSE else "a device or the like"


def _checked_name(path: Path, name: str) -> str:
    where = f"{path}: member {name[:200]!r}"
    if not name.isprintable():  # bytes that are no UTF-8 come as lone surrogates
        raise DataError(where, expected="a printable name in UTF-8", found="another")
    plain = name.removeprefix("./")
    if plain.startswith("/") or ".." in plain.split("/") or "\\" in plain:
        raise DataError(where, expected="a name inside the archive", found="a path out of it")
    return plain


def _split(name: str) -> tuple[str, str]:
    """The key of a member and its column in lower case; two empty texts where it belongs to no sample."""
    folder, slash, file = name.rpartition("/")
    stem, _, column = file.partition(".")
    if not stem or not column or _META.match(name):
        return "", ""
    return f"{folder}{slash}{stem}", column.lower()
