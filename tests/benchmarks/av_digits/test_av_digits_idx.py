"""The idx reader gives what is stored, or says what is wrong, and takes no memory on a header's word."""

import gzip
import struct
import tracemalloc

import numpy as np
import pytest

from fuzz import survive
from xmodal.benchmarks.av_digits.idx import read_idx
from xmodal.errors import DataError


def packed(shape, data, magic=(0, 0, 8, 3)):
    return gzip.compress(bytes(magic) + struct.pack(f">{len(shape)}I", *shape) + data)


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "images.gz"
        path.write_bytes(content)
        return path

    return write


def test_values_come_back_in_their_shape(write):
    values = np.random.default_rng(0).integers(0, 256, (5, 4, 3), dtype=np.uint8)
    np.testing.assert_array_equal(read_idx(write(packed((5, 4, 3), values.tobytes())), 3), values)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "expected the two bytes 1f 8b of gzip, found nothing"),
        (b"\0\0\x08\x03", "found 00 00"),
        (packed((2, 2, 2), bytes(8), magic=(0, 0, 8, 1)), "magic number: expected 00 00 08 03 .* found 00 00 08 01"),
        (packed((2, 2, 2), bytes(8), magic=(0, 0, 13, 3)), "found 00 00 0d 03"),
        (gzip.compress(b"\0\0\x08\x03\0\0\0\x01"), "sizes: expected 3 of 4 bytes each, found 4 bytes"),
        (gzip.compress(b""), "magic number: .* found nothing"),
        (packed((2, 0, 2), b""), r"1 to 268435456 values in all, found \(2, 0, 2\)"),
        (packed((2**31, 2**31, 4), bytes(8)), r"values in all, found \(2147483648, 2147483648, 4\)"),
        (packed((2, 2, 2), bytes(7)), r"values: expected 8 for sizes \(2, 2, 2\), found 7: cut off"),
        (packed((2, 2, 2), bytes(9)), "found more"),
        (packed((20, 28, 28), np.random.default_rng(0).bytes(15680))[:9000], "ends? too early: the file is cut off"),
        (packed((2, 2, 2), bytes(8))[:-8] + bytes(8), "damaged data"),
    ],
)
def test_a_broken_file_is_refused_in_our_words(write, content, match):
    with pytest.raises(DataError, match=match):
        read_idx(write(content), 3)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"none\.gz: expected a gzipped idx file, found no such file"):
        read_idx(tmp_path / "none.gz", 3)


@pytest.mark.parametrize("shape", [(2**28, 1, 1), (2, 2, 2)])
def test_neither_a_large_header_nor_a_bomb_takes_memory(write, shape):
    path = write(packed(shape, bytes(2**25 if shape == (2, 2, 2) else 8)))
    tracemalloc.start()
    with pytest.raises(DataError):
        read_idx(path, 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 2**20


def test_damaged_files_give_data_or_a_clear_error(write):
    values = np.random.default_rng(0).integers(0, 256, (6, 9, 9), dtype=np.uint8)
    refused = survive(lambda path: read_idx(path, 3), write(packed((6, 9, 9), values.tobytes())), 200)
    assert refused > 150  # gzip's checksum finds nearly every change


def test_damaged_headers_give_data_or_a_clear_error(write, tmp_path):
    """Packed anew after the damage, so that gzip's checksum does not hide the header's own checks."""

    def read(path):
        repacked = tmp_path / "repacked.gz"
        repacked.write_bytes(gzip.compress(path.read_bytes()))
        values = read_idx(repacked, 3)
        assert values.size == len(path.read_bytes()) - 16

    assert survive(read, write(b"\0\0\x08\x03" + struct.pack(">3I", 3, 4, 5) + bytes(60)), 200) > 100
