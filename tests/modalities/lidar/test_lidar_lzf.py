"""The LZF decoder undoes an encoder written apart from it, and survives streams that lie."""

import random
from contextlib import suppress

import pytest

from xmodal.modalities.lidar.lzf import LARGEST_RATIO, LzfError, lzf_decompress


def compress(data: bytes) -> bytes:
    """Greedy LZF: the longest match that starts at the latest place with the same three bytes."""
    out, literals, seen, at = bytearray(), bytearray(), {}, 0

    def flush() -> None:
        for start in range(0, len(literals), 32):
            run = literals[start : start + 32]
            out.append(len(run) - 1)
            out.extend(run)
        literals.clear()

    while at < len(data):
        word = data[at : at + 3]
        before = seen.get(word, -1) if len(word) == 3 else -1
        seen[word] = at
        distance, length = at - before - 1, 0
        if before >= 0 and distance < 8192:
            while length < 264 and at + length < len(data) and data[before + length] == data[at + length]:
                length += 1
        if length < 3:
            literals.append(data[at])
            at += 1
            continue
        flush()
        short = length - 2
        out.append((min(short, 7) << 5) | (distance >> 8))
        if short >= 7:
            out.append(short - 7)
        out.append(distance & 255)
        at += length
    flush()
    return bytes(out)


@pytest.mark.parametrize(
    ("packed", "plain"),
    [
        (b"\x02abc", b"abc"),
        (b"\x00a\xe0\x01\x00", b"a" * 11),  # a copy of 7 + 1 + 2 bytes from 1 back repeats the last byte
        (b"\x02abc\x20\x02", b"abcabc"),  # a copy of 3 bytes from 3 back
        (b"\x01ab\x40\x01", b"ababab"),  # 4 bytes from 2 back: overlaps its own end
        (b"", b""),
    ],
)
def test_streams_written_by_hand(packed, plain):
    assert lzf_decompress(packed, len(plain)) == plain


@pytest.mark.parametrize("alphabet", [1, 2, 5, 256])
def test_what_was_compressed_comes_back(alphabet):
    chance = random.Random(alphabet)
    for size in (1, 2, 31, 32, 33, 263, 264, 265, 3000, 20000):
        data = bytes(chance.randrange(alphabet) for _ in range(size))
        assert lzf_decompress(compress(data), size) == data


def test_zeros_shrink_by_no_more_than_the_largest_ratio():
    packed = compress(bytes(100_000))
    assert len(packed) < 1200
    assert LARGEST_RATIO * len(packed) >= 100_000


@pytest.mark.parametrize(
    ("packed", "message"),
    [
        (b"\x05ab", "6 literals where 2 bytes"),
        (b"\x00a\x20", "distance is cut off"),
        (b"\x00a\xe0\x01", "distance is cut off"),
        (b"\x00a\x20\x05", "6 bytes back where only 1"),
        (b"\x02abc", "3 bytes instead of 5"),
        (b"\x00a\xe0\xff\x00", "more than 5 bytes"),
    ],
)
def test_streams_that_lie_are_refused(packed, message):
    with pytest.raises(LzfError, match=message):
        lzf_decompress(packed, 5)


def test_random_bytes_never_crash():
    chance = random.Random(0)
    for _ in range(2000):
        data = chance.randbytes(chance.randrange(40))
        with suppress(LzfError):
            assert len(lzf_decompress(data, 50)) == 50
