"""Damaged files for the tests of readers: each must give data, or a DataError that says what is wrong in our words."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from xmodal.errors import DataError

_EXTREMES = (b"\x00" * 4, b"\xff" * 4, b"\xff\xff\xff\x7f", b"\x00\x00\xc0\x7f", b"-1", b"999999999999", b"nan", b"\n")


def mutations(data: bytes, count: int, seed: int = 0) -> Iterator[bytes]:
    """`count` damaged versions of a file: cut; bytes flipped, dropped, repeated; numbers replaced; mostly early on."""
    chance = random.Random(seed)
    yield from (b"", data[:1], data[: len(data) // 2])[:count]
    for _ in range(count - 3):
        changed = bytearray(data)
        for _ in range(chance.choice((1, 1, 1, 2, 8))):
            _change(changed, chance)
        yield bytes(changed)


def _change(data: bytearray, chance: random.Random) -> None:
    # Headers stand first and break more: half of the changes fall into the first 512 bytes.
    span = min(len(data), 512) if chance.random() < 0.5 else len(data)
    at = chance.randrange(max(1, span))
    kind = chance.randrange(6)
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
    elif at < len(data):
        data[at] ^= 1 << chance.randrange(8)


def survive(read: Callable[[Path], Any], path: Path, count: int, seed: int = 0) -> int:
    """Read `count` damaged versions of the file at `path`; returns how many were refused.

    Anything but data or a good DataError fails: another exception, or an error that only repeats another's text.
    """
    data, refused = path.read_bytes(), 0
    damaged = path.with_name(f"damaged-{path.name}")
    for number, content in enumerate(mutations(data, count, seed)):
        damaged.write_bytes(content)
        try:
            read(damaged)
        except DataError as error:
            refused += 1
            _check_message(error, f"mutant {number} (seed {seed})")
        except Exception as error:
            raise AssertionError(f"mutant {number} (seed {seed}) gave {type(error).__name__}: {error}") from error
    return refused


def _check_message(error: DataError, mutant: str) -> None:
    cause = str(error.__cause__ or "").strip()
    assert error.expected.strip(), f"{mutant}: no word on what was expected"
    assert error.found.strip(), f"{mutant}: no word on what was found"
    assert not cause or error.found.strip() != cause, f"{mutant}: only repeats {cause!r}"
