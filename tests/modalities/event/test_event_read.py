"""Events from .npy, the .txt of the Event Camera Dataset and the .bin of N-MNIST."""

import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from fuzz import survive
from xmodal.errors import DataError
from xmodal.modalities.event import EventVoxel
from xmodal.modalities.event.read import read_events

EVENTS = [[5, 3, 7, 1], [5, 33, 0, 0], [900, 0, 33, 1], [299_999, 12, 12, 0]]


def packed(events=EVENTS) -> bytes:
    """x, y, then 1 bit of polarity and 23 bits of time, the highest byte first."""
    return b"".join(bytes((x, y)) + struct.pack(">I", p << 23 | t)[1:] for t, x, y, p in events)


def table(path: Path, kind: str) -> Path:
    values = np.array(EVENTS)
    if kind == "bin":
        path.write_bytes(packed())
    elif kind == "txt":
        path.write_text("".join(f"{t / 1e6:.6f} {x} {y} {p}\n" for t, x, y, p in EVENTS))
    elif kind == "fields.npy":
        fields = np.dtype([("x", "<u2"), ("y", "<u2"), ("p", "i1"), ("t", "<i8")])
        np.save(path, np.array([(x, y, 2 * p - 1, t) for t, x, y, p in EVENTS], dtype=fields))
    else:
        np.save(path, values.astype(np.float64) if kind == "float.npy" else values)
    return path


KINDS = ["bin", "txt", "npy", "float.npy", "fields.npy"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_gives_the_same_events(tmp_path, kind):
    rows = read_events(table(tmp_path / f"a.{kind}", kind))
    assert rows.values.dtype == torch.int64
    assert rows.values.tolist() == EVENTS


def test_bytes_of_one_event_by_hand(tmp_path):
    # x = 10, y = 20, on, t = 0x012345 microseconds; then x = 1, y = 2, off, the largest time there is.
    (tmp_path / "a.bin").write_bytes(bytes([10, 20, 0x81, 0x23, 0x45, 1, 2, 0x7F, 0xFF, 0xFF]))
    assert read_events(tmp_path / "a.bin").values.tolist() == [[0x012345, 10, 20, 1], [2**23 - 1, 1, 2, 0]]


def test_an_overflow_mark_is_no_event_and_moves_what_follows(tmp_path):
    mark = [0, 0, 240, 0]
    (tmp_path / "a.bin").write_bytes(packed([EVENTS[0], mark, EVENTS[2], mark, EVENTS[3]]))
    assert read_events(tmp_path / "a.bin").values[:, 0].tolist() == [5, 900 + 8192, 299_999 + 16_384]


def test_rows_come_in_order_of_time_and_equal_times_keep_theirs(tmp_path):
    np.save(tmp_path / "a.npy", np.array(EVENTS)[[3, 0, 2, 1]])
    assert read_events(tmp_path / "a.npy").values.tolist() == EVENTS


def test_seconds_are_rounded_to_the_microsecond(tmp_path):
    (tmp_path / "a.txt").write_text("0.000001 1 2 1\n 59.999999 3 4 0\n1468939993.067416 5 6 1\n")
    assert read_events(tmp_path / "a.txt").values[:, 0].tolist() == [1, 59_999_999, 1_468_939_993_067_416]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "size"),
        ("\n\n", "no such line"),
        ("0.1 1 2 1\n0.2 1 2\n", "line 2: expected 't x y p': four numbers, found b'0.2 1 2"),
        ("0.1 1 2 1\n\n0.2 1 b 1\n", "line 3"),
        ("240 180\n", "line 1"),
        ("0.1 1 2 5\n", r"p of event 0: expected one of \(0, 1\), found 5"),
        ("0.1 1.5 2 1\n", "x of event 0: expected a whole number, found 1.5"),
        ("nan 1 2 1\n", "t of event 0: expected a whole number, found nan"),
        ("-1 1 2 1\n", "t: expected 0 to .* microseconds, found -1000000"),
        ("0.1 1 70000 1\n", "y: expected 0 to 65535 pixels"),
    ],
)
def test_a_bad_text_is_named(tmp_path, text, message):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(DataError, match=message):
        read_events(tmp_path / "a.txt")


def test_other_arrays_and_files_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array(EVENTS) / [1e6, 1, 1, 1])
    with pytest.raises(DataError, match=r"t of event 0: .*time in seconds\?"):
        read_events(tmp_path / "a.npy")
    np.save(tmp_path / "a.npy", np.zeros((3, 5)))
    with pytest.raises(DataError, match=r"\[E, 4\]"):
        read_events(tmp_path / "a.npy")
    np.save(tmp_path / "a.npy", np.zeros(3, dtype=[("t", "i8"), ("x", "i2")]))
    with pytest.raises(DataError, match="fields: expected one of each"):
        read_events(tmp_path / "a.npy")
    (tmp_path / "a.bin").write_bytes(packed()[:-1])
    with pytest.raises(DataError, match="a multiple of 5 bytes, found 19"):
        EventVoxel.read(tmp_path / "a.bin")
    (tmp_path / "a.bin").write_bytes(packed([[0, 0, 240, 0]]))
    with pytest.raises(DataError, match="at least one event"):
        read_events(tmp_path / "a.bin")
    with pytest.raises(DataError, match="no such file"):
        read_events(tmp_path / "none.bin")
    with pytest.raises(DataError, match=r"suffix '\.aedat'"):
        read_events(tmp_path / "a.aedat")


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_give_data_or_a_good_error(tmp_path, kind):
    assert survive(read_events, table(tmp_path / f"a.{kind}", kind), 200) > 20
