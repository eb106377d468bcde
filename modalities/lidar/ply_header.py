"""The header of a PLY file: elements (vertices, faces, ...) one after the other, each with its properties.

http://paulbourke.net/dataformats/ply/
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from xmodal.errors import DataError

FORMATS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
LONGEST_HEADER = 65536
TYPES = {
    "char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4", "float": "f4",
    "double": "f8", "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4",
    "float32": "f4", "float64": "f8",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Element:
    """`count` records of the named properties; `lists` says whether some of them are lists of varying length."""

    name: str
    count: int
    properties: tuple[tuple[str, str], ...] = ()
    lists: bool = False

    def dtype(self, order: str) -> np.dtype[np.generic]:
        """The record; order is "<" or ">"."""
        return np.dtype([(str(i), f"{order}{code}") for i, (_, code) in enumerate(self.properties)])


@dataclass(frozen=True, slots=True)
class PlyHeader:
    """What the header says.

    Attributes:
        order: byte order "<" or ">", or "" for ASCII.
        skipped: the elements that stand before the vertices.
        start: the byte where the first element begins.
    """

    order: str
    skipped: tuple[Element, ...]
    vertices: Element
    start: int


def parse_header(path: Path, data: bytes) -> PlyHeader:
    """Parse and check the header; a DataError names the line at fault."""
    lines, start = _lines(path, data)
    if len(lines) < 2 or lines[1][0] != "format" or lines[1][1:2] == [] or lines[1][1] not in FORMATS:
        found = " ".join(lines[1])[:60] if len(lines) > 1 else "nothing"
        raise DataError(f"{path}: line 2", expected=f"format and one of {list(FORMATS)}", found=repr(found))
    if lines[1][2:] != ["1.0"]:
        raise DataError(f"{path}: format", expected="version 1.0", found=f"{' '.join(lines[1][2:])!r:.40}")
    elements: list[Element] = []
    for words in lines[2:]:
        if words[0] == "element":
            elements.append(_element(path, words))
        elif words[0] == "property" and elements:
            elements[-1] = _with_property(path, elements[-1], words)
        else:
            found = f"{' '.join(words)!r:.60}"
            raise DataError(f"{path}: header", expected="element, then its property lines", found=found)
    names = [element.name for element in elements]
    if names.count("vertex") != 1:
        raise DataError(f"{path}: elements", expected="one named vertex", found=f"{names[:12]}")
    at = names.index("vertex")
    _check_vertices(path, elements[at])
    return PlyHeader(FORMATS[lines[1][1]], tuple(elements[:at]), elements[at], start)


def _lines(path: Path, data: bytes) -> tuple[list[list[str]], int]:
    """The words of each line before end_header, comments left out, and the byte after it."""
    if data[:3] != b"ply" or data[3:4] not in (b"\n", b"\r"):
        raise DataError(path, expected="the line 'ply' at its start", found=repr(data[:4]))
    lines: list[list[str]] = []
    at = 0
    while not lines or lines[-1] != ["end_header"]:
        end = data.find(b"\n", at, LONGEST_HEADER)
        if end < 0:
            raise DataError(f"{path}: header", expected="lines of text, the last end_header", found="no such line")
        words = data[at:end].decode("latin-1").split()
        at = end + 1
        if words and words[0] not in ("comment", "obj_info"):
            lines.append(words)
    return lines[:-1], at


def _element(path: Path, words: list[str]) -> Element:
    count = words[2] if len(words) == 3 else ""
    if not (count.isascii() and count.isdigit() and len(count) < 16):
        raise DataError(f"{path}: header", expected="element NAME COUNT", found=f"{' '.join(words)!r:.60}")
    return Element(words[1], int(count))


def _with_property(path: Path, element: Element, words: list[str]) -> Element:
    if len(words) == 5 and words[1] == "list" and words[2] in TYPES and words[3] in TYPES:
        return Element(element.name, element.count, element.properties, lists=True)
    if len(words) != 3 or words[1] not in TYPES:
        expected = f"property TYPE NAME with a type of {sorted(TYPES)}"
        raise DataError(f"{path}: element {element.name[:40]}", expected=expected, found=f"{' '.join(words)!r:.60}")
    return Element(element.name, element.count, (*element.properties, (words[2], TYPES[words[1]])), element.lists)


def _check_vertices(path: Path, vertices: Element) -> None:
    if vertices.lists:
        raise DataError(f"{path}: element vertex", expected="scalar properties only", found="a list property")
    if vertices.count < 1 or not vertices.properties:
        found = f"{vertices.count} with {len(vertices.properties)} properties"
        raise DataError(f"{path}: element vertex", expected="at least one vertex with properties", found=found)
    names = [name for name, _ in vertices.properties]
    if len(set(names)) != len(names):
        raise DataError(f"{path}: element vertex", expected="properties of different names", found=f"{names[:12]}")
