"""Tables that numpy parses at once hold what `float` makes of each word, and nothing else is taken for one."""

import random
from pathlib import Path

import numpy as np
import pytest

from xmodal.errors import DataError
from xmodal.modalities.lidar.text_table import parse_table
from xmodal.modalities.plain_table import plain_table

LETTERS = "0123456789+-.eEnafiNAFI"


def numbers(words):
    """Those words that are numbers."""
    found = []
    for word in words:
        try:
            float(word)
        except ValueError:
            continue
        found.append(word)
    return found


@pytest.mark.parametrize("delimiter", [None, ",", "\t"])
def test_numbers_are_those_that_float_makes(delimiter):
    chance = random.Random(0)
    words = ["".join(chance.choices(LETTERS, k=chance.randint(1, 5))) for _ in range(40_000)]
    words = [*numbers(words), "nan", "-inf", "1e999", "4.9e-324", "2.4e-324", "1.7976931348623157e308", "9" * 64]
    assert len(words) > 3000
    text = "".join(f"{word}{delimiter or ' '}{word}\n" for word in words)
    table = plain_table(text.encode(), delimiter, longest=64)
    expected = np.array([float(word) for word in words])
    assert table.shape == (len(words), 2)
    assert np.array_equal(table, np.stack([expected, expected], 1), equal_nan=True)
    assert np.array_equal(np.signbit(table[:, 0]), np.signbit(expected))


def test_words_that_are_no_numbers_are_left_to_others():
    chance = random.Random(1)
    words = {"".join(chance.choices(LETTERS, k=chance.randint(1, 5))) for _ in range(3000)}
    others = words - set(numbers(words))
    assert len(others) > 1000
    assert [word for word in others if plain_table(word.encode(), None, longest=64) is not None] == []


@pytest.mark.parametrize(
    "text",
    [
        "", " \n", "1 2\n3\n", "1_0 2", "0x1 2", "1\u00a02", "1\x1c2", "1\x0b2", "\u0663 2", "1,2", "'1' 2", "#1 2",
        "1\r2", "1 2\n3 4\r5 6", "9" * 65, "1 infinity", "1\x00 2",
    ],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_others(text):
    assert plain_table(text.encode("latin-1", "replace"), None, longest=64) is None


FOUR = np.dtype("f4")


@pytest.mark.parametrize(
    ("line", "row"),
    [(b"1 2", [1, 2]), (b"\t1  2 \r", [1, 2]), (b"1\x0b2", [1, 2]), (b"1\r2", [1, 2]), (b"1_0 Infinity", [10, np.inf])],
)
def test_a_row_of_points_is_parted_by_any_ascii_space(line, row):
    table = parse_table(Path("a.pcd"), [line, b"3 4"], ["x", "y"], [FOUR, FOUR])
    assert table.tolist() == [row, [3, 4]]


@pytest.mark.parametrize("line", [b"1\xa02", b"1\x1c2", b"1 0x2", b"1 \xd9\xa3", b"1 2 3", b"1 " + b"2" * 65, b'"1" 2'])
def test_a_row_that_is_none_is_named(line):
    with pytest.raises(DataError, match=r"point 1: expected (2 )?numbers"):
        parse_table(Path("a.pcd"), [b"3 4", line], ["x", "y"], [FOUR, FOUR])
