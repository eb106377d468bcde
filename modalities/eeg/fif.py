"""Walk the tags of a FIF file and hold their sizes against the file, before anything is read on their word.

A FIF file is a chain of tags: kind, type, bytes of content, place of the next tag (0: right behind, -1: none).
"""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import IO

from xmodal.errors import DataError

HEADER = struct.Struct(">iIii")
FILE_ID, FILE_ID_TYPE, FILE_ID_BYTES = 100, 31, 20
LARGEST_UNPACKED = 2**33


def check_fif(path: Path) -> None:
    """Raise DataError unless the chain of tags starts with a file id and stays inside the file."""
    if path.suffix.lower() == ".gz":
        size = _unpacked_bytes(path)
        with gzip.open(path) as file:
            _walk(path, file, size)
    else:
        with path.open("rb") as plain:
            _walk(path, plain, path.stat().st_size)


def _walk(path: Path, file: IO[bytes] | gzip.GzipFile, size: int) -> None:
    head = file.read(HEADER.size)
    if len(head) < HEADER.size or HEADER.unpack(head)[:3] != (FILE_ID, FILE_ID_TYPE, FILE_ID_BYTES):
        raise DataError(path, expected="a FIF file id at its start", found=f"{head!r}")
    at = 0
    while True:
        file.seek(at)
        head = file.read(HEADER.size)
        if len(head) < HEADER.size:
            if head or at != size:
                raise DataError(f"{path}: tag at byte {at}", expected=f"{HEADER.size} bytes", found=f"{len(head)}")
            return
        kind, _, length, after = HEADER.unpack(head)
        end = at + HEADER.size + length
        if length < 0 or end > size:
            found = f"{length} bytes with {size - at - HEADER.size} left in the file"
            raise DataError(f"{path}: tag {kind} at byte {at}", expected="content inside the file", found=found)
        if after == -1:
            return
        if after and after < end:  # pointing back would never end
            expected = f"the next tag at byte {end} or later"
            raise DataError(f"{path}: tag {kind} at byte {at}", expected=expected, found=f"{after}")
        at = after or end


def _unpacked_bytes(path: Path) -> int:
    total = 0
    try:
        with gzip.open(path) as file:
            while block := file.read(2**20):
                total += len(block)
                if total > LARGEST_UNPACKED:
                    break
    except (OSError, EOFError, ValueError) as error:
        found = f"a broken stream after {total} bytes ({type(error).__name__})"
        raise DataError(path, expected="a complete gzip stream", found=found) from error
    except Exception as error:  # zlib's own error is no OSError
        found = f"damaged content after {total} bytes ({type(error).__name__})"
        raise DataError(path, expected="a complete gzip stream", found=found) from error
    if total > LARGEST_UNPACKED:
        raise DataError(path, expected=f"at most {LARGEST_UNPACKED} bytes when unpacked", found="more")
    return total
