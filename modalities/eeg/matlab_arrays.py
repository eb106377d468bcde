"""The arrays of a MATLAB 5 file: what their flags, dimensions and fields promise, held against the parts that follow.

An array is an element whose parts are elements: flags, dimensions, name, then its content by class. The parser that
reads them afterwards takes memory on the word of the dimensions, and fails hard on a type that has no numbers.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from xmodal.errors import DataError

MATRIX = 14
CELL, STRUCT, OBJECT, TEXT, SPARSE, LAST_NUMBERS = 1, 2, 3, 4, 5, 15
INT8, INT32, UINT32 = 1, 5, 6
NUMBER_BYTES = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8}
TEXT_BYTES = {1: 1, 2: 1, 3: 2, 4: 2, 16: 1, 17: 2, 18: 4}
"""By the type of an element: bytes of a number, and the fewest bytes of a character."""
COMPLEX = 0x08
MOST_DIMENSIONS = 32


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its type, and its content without padding."""

    kind: int
    data: memoryview

    def __len__(self) -> int:
        return len(self.data)


def check_array(where: str, parts: Sequence[Element], order: str) -> None:
    """Raise DataError unless the parts of an array (none for an empty one) are as many and as long as it says.

    Args:
        order: of bytes, "<" or ">".
    """
    if not parts:
        return
    flags = _numbers(f"{where}: flags", parts[:1], UINT32, order)
    code = flags[0] & 0xFF
    if not CELL <= code <= LAST_NUMBERS:  # function handles and other opaque objects follow rules of their own
        return
    dimensions = _numbers(f"{where}: dimensions", parts[1:2], INT32, order)
    if not 2 <= len(dimensions) <= MOST_DIMENSIONS or min(dimensions) < 0:
        found = f"{dimensions[:MOST_DIMENSIONS]}"
        raise DataError(f"{where}: dimensions", expected="two or more, none below 0", found=found)
    count, content = math.prod(dimensions), parts[3:]
    if len(parts) < 3 or parts[2].kind != INT8:
        raise DataError(where, expected="a name after the dimensions", found=f"{[part.kind for part in parts[2:3]]}")
    if code in (CELL, STRUCT, OBJECT):
        _check_children(where, code, count, content, order)
    elif code == TEXT:
        _check_numbers(where, count, content, 1, TEXT_BYTES, exact=False)
    elif code != SPARSE:
        _check_numbers(where, count, content, 2 if (flags[0] >> 8) & COMPLEX else 1, NUMBER_BYTES, exact=True)
    elif not all(part.kind in NUMBER_BYTES for part in content):
        raise DataError(where, expected="numbers", found=f"types {[part.kind for part in content]}")


def _numbers(where: str, parts: Sequence[Element], kind: int, order: str) -> tuple[int, ...]:
    if not parts or parts[0].kind != kind or len(parts[0]) % 4 or len(parts[0]) < 8:
        found = f"type {parts[0].kind} with {len(parts[0])} bytes" if parts else "nothing"
        raise DataError(where, expected=f"type {kind} with 8 bytes or more", found=found)
    return struct.unpack(f"{order}{len(parts[0]) // 4}{'i' if kind == INT32 else 'I'}", parts[0].data)


def _check_children(where: str, code: int, count: int, content: Sequence[Element], order: str) -> None:
    if code == OBJECT:  # the name of its class
        content = content[1:]
    if code != CELL:
        if len(content) < 2 or content[0].kind != INT32 or len(content[0]) != 4:
            raise DataError(where, expected="the length of its fields' names, and these", found=f"{len(content)} parts")
        (length,) = struct.unpack(f"{order}i", content[0].data)
        if length < 1 or len(content[1]) % length:
            found = f"{len(content[1])} bytes"
            raise DataError(where, expected=f"names of {length} bytes each", found=found)
        count, content = count * (len(content[1]) // length), content[2:]
    if len(content) != count or any(part.kind != MATRIX for part in content):
        found = f"{len(content)} parts of types {sorted({part.kind for part in content})}"
        raise DataError(where, expected=f"{count} arrays", found=found)


def _check_numbers(
    where: str, count: int, content: Sequence[Element], most: int, widths: dict[int, int], *, exact: bool
) -> None:
    """The real and the imaginary part, or the text."""
    if len(content) != most and (count or content):
        raise DataError(where, expected=f"{most} parts with its values", found=f"{len(content)}")
    for part in content:
        held = len(part) // widths[part.kind] if part.kind in widths else -1
        if held < count or (exact and held != count):
            found = f"type {part.kind} with {len(part)} bytes"
            raise DataError(where, expected=f"{count} values of a type in {sorted(widths)}", found=found)
