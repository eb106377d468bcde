"""Walk the elements of an EEGLAB .set file (a MATLAB 5 file) and hold their sizes against what surrounds them.

An element is a type, a number of bytes and its content, padded to 8 bytes; up to 4 bytes may stand in the tag itself.
Matrices hold further elements, compressed elements hold one.
"""

from __future__ import annotations

import importlib.util
import struct
import zlib
from pathlib import Path

from xmodal.errors import DataError, XmodalError
from xmodal.modalities.eeg.matlab_arrays import MATRIX, Element, check_array

HEADER = 128
COMPRESSED = 15
KNOWN_TYPES = frozenset({1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 14, 15, 16, 17, 18})
LARGEST_UNPACKED = 2**33
DEEPEST = 40


def check_eeglab(path: Path) -> None:
    """Raise DataError unless every element of the file lies inside the one that holds it.

    Raises:
        XmodalError: the file is of MATLAB 7.3 (HDF5), and pymatreader is not installed.
    """
    data = path.read_bytes()
    if data[:19] == b"MATLAB 7.3 MAT-file" and data[512:520] == b"\x89HDF\r\n\x1a\n":
        if importlib.util.find_spec("pymatreader") is None:
            raise XmodalError("reading a .set file of MATLAB 7.3 needs pymatreader: pip install 'xmodal[eeg]'")
        return
    order = {b"IM": "<", b"MI": ">"}.get(data[126:HEADER])
    if not data.startswith(b"MATLAB 5.0 MAT-file") or order is None:
        raise DataError(path, expected="the header of a MATLAB 5 or 7.3 file", found=f"{data[:19]!r}")
    if len(data) == HEADER:
        raise DataError(path, expected="at least one variable", found="none")
    _walk(path, memoryview(data)[HEADER:], order, 0)


def _walk(path: Path, data: memoryview, order: str, depth: int) -> list[Element]:
    """The elements that stand side by side in `data`, after all that they hold was checked."""
    where = f"{path}: element at depth {depth}"
    if depth > DEEPEST:
        raise DataError(where, expected=f"at most {DEEPEST} levels", found="more")
    found: list[Element] = []
    at = 0
    while at < len(data):
        if len(data) - at < 8:
            raise DataError(where, expected="a tag of 8 bytes", found=f"{len(data) - at} bytes")
        kind, size = struct.unpack_from(f"{order}II", data, at)
        small = kind >> 16
        if small:
            kind, size = kind & 0xFFFF, small
        room = 4 if small else len(data) - at - 8
        if kind not in KNOWN_TYPES or size > room:
            bad = f"type {kind} with {size} bytes where {room} are left"
            raise DataError(where, expected="a known type inside what holds it", found=bad)
        start = at + 4 if small else at + 8
        element = Element(kind, data[start : start + size])
        found.append(element)
        if kind == MATRIX:
            parts = _walk(path, element.data, order, depth + 1)
            check_array(f"{path}: array at depth {depth}", parts, order)
        elif kind == COMPRESSED:
            _walk(path, _unpacked(where, element.data), order, depth + 1)
        # Only compressed elements go without padding.
        at = at + 8 if small else start + size + (0 if kind == COMPRESSED else -size % 8)
    return found


def _unpacked(where: str, data: memoryview) -> memoryview:
    engine = zlib.decompressobj()
    try:
        content = engine.decompress(data, LARGEST_UNPACKED)
    except zlib.error as error:
        raise DataError(where, expected="compressed content", found=f"{len(data)} damaged bytes") from error
    if not engine.eof:
        found = "content cut off, or one that grows beyond all bounds"
        raise DataError(where, expected=f"complete content of at most {LARGEST_UNPACKED} bytes", found=found)
    return memoryview(content)
