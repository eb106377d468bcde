"""The arrays of a MATLAB 5 file: each promise about what follows is held against it."""

import struct

import pytest

from xmodal.errors import DataError
from xmodal.modalities.eeg.matlab_arrays import CELL, MATRIX, STRUCT, TEXT, Element, check_array

DOUBLE = 6
INT8, INT32, UINT32, F64 = 1, 5, 6, 9


def array(code, dimensions, *content, flags=0):
    return [
        Element(UINT32, memoryview(struct.pack("<II", code | flags << 8, 0))),
        Element(INT32, memoryview(struct.pack(f"<{len(dimensions)}i", *dimensions))),
        Element(INT8, memoryview(b"name")),
        *(Element(kind, memoryview(data)) for kind, data in content),
    ]


NAMES = ((INT32, struct.pack("<i", 4)), (INT8, b"one\0two\0"))
WHOLE = [
    array(DOUBLE, (2, 3), (F64, bytes(48))),
    array(DOUBLE, (2, 3), (INT8, bytes(6))),  # MATLAB stores whole numbers narrow
    array(DOUBLE, (1, 2), (F64, bytes(16)), (F64, bytes(16)), flags=8),
    array(DOUBLE, (0, 0), (F64, b"")),
    array(TEXT, (1, 3), (16, "äöü".encode())),
    array(CELL, (1, 2), (MATRIX, b""), (MATRIX, b"")),
    array(STRUCT, (1, 1), *NAMES, (MATRIX, b""), (MATRIX, b"")),
    [],
]


@pytest.mark.parametrize("parts", WHOLE)
def test_what_is_whole_passes(parts):
    check_array("a", parts, "<")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (array(DOUBLE, (2, 3), (F64, bytes(40))), "expected 6 values of a type in .*, found type 9 with 40 bytes"),
        (array(DOUBLE, (2, 3), (0, b"")), "found type 0 with 0 bytes"),
        (array(DOUBLE, (1, 2), (F64, bytes(16)), flags=8), "expected 2 parts with its values, found 1"),
        (array(DOUBLE, (2**30, 2**30), (F64, bytes(16))), "expected 1152921504606846976 values"),
        (array(DOUBLE, (-1, 3), (F64, bytes(16))), "dimensions: expected two or more, none below 0"),
        (array(DOUBLE, (1,), (F64, bytes(8))), "dimensions: expected type 5 with 8 bytes or more, found type 5 with 4"),
        (array(CELL, (1, 2**29), (MATRIX, b"")), "expected 536870912 arrays, found 1 parts"),
        (array(STRUCT, (1, 2**29), *NAMES, (MATRIX, b"")), "expected 1073741824 arrays, found 1 parts"),
        (array(STRUCT, (1, 1), (INT32, struct.pack("<i", 0)), NAMES[1]), "names of 0 bytes each"),
        (array(TEXT, (1, 9), (16, b"short")), "expected 9 values"),
        ([Element(UINT32, memoryview(b"1234"))], "flags: expected type 6 with 8 bytes or more"),
    ],
)
def test_a_promise_that_is_not_kept_is_named(parts, message):
    with pytest.raises(DataError, match=message):
        check_array("a", parts, "<")
