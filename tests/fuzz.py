"""Damaged files for the tests of readers: each must give data, or a DataError that says what is wrong in our words."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from xmodal.errors import DataError, XmodalError

_EXTREMES = (b"\x00" * 4, b"\xff" * 4, b"\xff\xff\xff\x7f", b"\x00\x00\xc0\x7f", b"-1", b"999999999999", b"nan", b"\n")
_WORDS = (b"0", b"-1", b"1", b"2147483647", b"4294967296", b"9223372036854775807", b"99999999999999999999")
_WORDS += (b"1e308", b"-1e999", b"nan", b"inf", b"0.5", b"1_0", b"", b"0x10", b"\xd9\xa3")
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
_HEADER = 512


def mutations(data: bytes, count: int, seed: int = 0) -> Iterator[bytes]:
    """`count` damaged versions of a file, as `mutant` makes them."""
    return (mutant(data, number, seed) for number in range(count))


def mutant(data: bytes, number: int, seed: int = 0) -> bytes:
    """One damaged version: cut; bytes flipped, dropped, repeated, moved; numbers replaced; mostly early on."""
    if number < 3:
        return (b"", data[:1], data[: len(data) // 2])[number]
    chance = random.Random((seed << 32) + number)
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 8))):
        _change(changed, chance)
    return bytes(changed)


def _change(data: bytearray, chance: random.Random) -> None:
    # Headers stand first and break more: half of the changes fall into the first 512 bytes.
    span = min(len(data), _HEADER) if chance.random() < 0.5 else len(data)
    at = chance.randrange(max(1, span))
    kind = chance.randrange(9)
    if kind == 0:
        data[at : at + 1] = bytes([chance.randrange(256)])
    elif kind == 1:
        del data[at:]
    elif kind == 2:
        del data[at : at + chance.randrange(1, 9)]
    elif kind == 3:
        data[at:at] = data[at : at + chance.randrange(1, 65)]
    elif kind == 4:
        extreme = chance.choice(_EXTREMES)
        data[at : at + len(extreme)] = extreme
    elif kind == 5:
        _replace_decimal(data, at, chance)
    elif kind == 6:
        _replace_field(data, at, chance)
    elif kind == 7:
        other = chance.randrange(max(1, len(data)))
        block = data[at : at + 2 ** chance.randrange(3, 10)]
        data[other : other + len(block)] = block
    elif at < len(data):
        data[at] ^= 1 << chance.randrange(8)


def _replace_decimal(data: bytearray, at: int, chance: random.Random) -> None:
    """A number in text becomes an extreme one, of the same width as often as not: some headers have fixed columns."""
    found = _NUMBER.search(data, at, at + 4 * _HEADER)
    if found is None:
        return
    word = chance.choice(_WORDS)
    if chance.random() < 0.5:
        word = word[: len(found[0])].ljust(len(found[0]))
    data[found.start() : found.end()] = word


def _replace_field(data: bytearray, at: int, chance: random.Random) -> None:
    """A binary field of 2, 4 or 8 bytes in either order becomes an extreme number, or moves a little."""
    width, order = chance.choice((2, 4, 8)), chance.choice("<>")
    at -= at % chance.choice((1, width))
    old = bytes(data[at : at + width])
    if len(old) < width:
        return
    top = 2 ** (8 * width)
    present = int.from_bytes(old, "little" if order == "<" else "big")
    whole = (
        0,
        1,
        top - 1,
        top // 2 - 1,
        top // 2,
        2**31 - 1,
        2**31,
        present + 1,
        present - 1,
        2 * present,
        256 * present,
    )
    code = {2: "e", 4: "f", 8: "d"}[width]
    real = (float("nan"), float("inf"), -1.0, 0.0, 65504.0)
    if chance.random() < 0.7:
        data[at : at + width] = (chance.choice(whole) % top).to_bytes(width, "little" if order == "<" else "big")
    else:
        data[at : at + width] = struct.pack(order + code, chance.choice(real))


def survive(read: Callable[[Path], Any], path: Path, count: int, seed: int = 0) -> int:
    """Read `count` damaged versions of the file at `path`; returns how many were refused.

    Anything but data or a good DataError fails: another exception, or an error that only repeats another's text.
    """
    data, refused = path.read_bytes(), 0
    damaged = path.with_name(f"damaged-{path.name}")
    for number, content in enumerate(mutations(data, count, seed)):
        damaged.write_bytes(content)
        try:
            refused += refuses(read, damaged)
        except AssertionError as fault:
            raise AssertionError(f"mutant {number} (seed {seed}): {fault}") from fault
    return refused


def refuses(read: Callable[[Path], Any], path: Path, *, allowed: type[XmodalError] = DataError) -> bool:
    """Whether `read` refuses the file; an AssertionError says in what way it does that badly.

    Args:
        allowed: the base of the errors that count as a refusal.
    """
    try:
        read(path)
    except allowed as error:
        _check_memory(error)
        if isinstance(error, DataError):
            _check_message(error)
        return True
    except Exception as error:
        raise AssertionError(f"gave {type(error).__name__}: {error}") from error
    return False


def _check_memory(error: BaseException) -> None:
    """An allocation that failed shows that the reader asked for it, whatever it says afterwards."""
    for other in _behind(error):
        if isinstance(other, MemoryError) or "allocate memory" in str(other):
            raise AssertionError(f"asked for too much memory: {other!r}") from error


def _check_message(error: DataError) -> None:
    """An error needs words of its own: a DataError that wraps another exception may quote it, not merely repeat it."""
    assert error.expected.strip(), "no word on what was expected"
    assert error.found.strip(), "no word on what was found"
    own = error.found
    for other in _behind(error):
        if type(other).__module__.startswith("xmodal"):
            continue  # our own words
        for said in (repr(other), str(other), " ".join(str(other).split()), type(other).__name__):
            own = own.replace(said, "") if len(said) > 3 else own
    assert own == error.found or re.search(r"\w", own), f"only repeats another exception: {error.found!r}"


def _behind(error: BaseException) -> list[BaseException]:
    found = []
    while (following := error.__cause__ or error.__context__) is not None and len(found) < 20:
        found.append(following)
        error = following
    return found
