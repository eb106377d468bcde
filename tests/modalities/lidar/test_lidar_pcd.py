"""PCD: the three encodings hold the same points, every column is kept, and damage is named."""

import struct

import numpy as np
import pytest
import torch
from test_lidar_lzf import compress

from fuzz import survive
from xmodal.errors import DataError
from xmodal.modalities.lidar import read_pcd, read_points

ENCODINGS = ("ascii", "binary", "binary_compressed")
DTYPE = np.dtype([("intensity", "<f4"), ("x", "<f4"), ("y", "<f8"), ("z", "<f4"), ("ring", "<u2"), ("n", "<i1", (2,))])


def points(count=40):
    rng = np.random.default_rng(0)
    table = np.zeros(count, DTYPE)
    for name in ("intensity", "x", "y", "z"):
        table[name] = rng.normal(0, 20, count).astype("f4")
    table["ring"], table["n"] = rng.integers(0, 65536, count), rng.integers(-128, 128, (count, 2))
    return table


def header(table, encoding, **changes):
    fields = [(name, table.dtype[name]) for name in table.dtype.names]
    lines = {
        "VERSION": "0.7",
        "FIELDS": " ".join(name.rstrip("0123456789") if name.startswith("_") else name for name, _ in fields),
        "SIZE": " ".join(str(d.base.itemsize) for _, d in fields),
        "TYPE": " ".join(d.base.kind.upper() for _, d in fields),
        "COUNT": " ".join(str(d.shape[0] if d.shape else 1) for _, d in fields),
        "WIDTH": len(table),
        "HEIGHT": 1,
        "VIEWPOINT": "0 0 0 1 0 0 0",
        "POINTS": len(table),
        "DATA": encoding,
    } | changes
    text = "".join(f"{key} {value}\n" for key, value in lines.items() if value is not None)
    return b"# .PCD v0.7 - Point Cloud Data file format\n" + text.encode()


def body(table, encoding):
    if encoding == "binary":
        return table.tobytes()
    if encoding == "binary_compressed":
        plain = b"".join(np.ascontiguousarray(table[name]).tobytes() for name in table.dtype.names)
        packed = compress(plain)
        return struct.pack("<II", len(packed), len(plain)) + packed
    rows = [[v for name in table.dtype.names for v in np.ravel(row[name]).tolist()] for row in table]
    return "".join(" ".join(map(repr, row)) + "\n" for row in rows).encode()


def write(path, table, encoding, **changes):
    path.write_bytes(header(table, encoding, **changes) + body(table, encoding))
    return path


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_column_comes_back_as_it_was_written(tmp_path, encoding):
    table = points()
    names, values = read_pcd(write(tmp_path / "a.pcd", table, encoding))
    assert names == ("intensity", "x", "y", "z", "ring", "n_0", "n_1")
    assert values.dtype == np.float64
    for name in ("intensity", "x", "y", "z", "ring"):
        assert np.array_equal(values[:, names.index(name)], table[name])
    assert np.array_equal(values[:, 5:], table["n"])


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_points_begin_with_x_y_z(tmp_path, encoding):
    table = points()
    values = read_points(write(tmp_path / "a.PCD", table, encoding)).values
    assert values.dtype == torch.float32
    expected = np.column_stack([table["x"], table["y"], table["z"], table["intensity"], table["ring"], table["n"]])
    assert np.array_equal(values.numpy(), expected.astype("f4"))


def test_points_without_an_echo_are_left_out_of_the_cloud_only(tmp_path):
    table = points(6)
    table["x"][[1, 4]] = np.nan
    path = write(tmp_path / "a.pcd", table, "binary", WIDTH=3, HEIGHT=2)
    assert np.isnan(read_pcd(path)[1][:, 1]).tolist() == [False, True, False, False, True, False]
    assert np.array_equal(read_points(path).values[:, 0].numpy(), table["x"][[0, 2, 3, 5]])
    table["intensity"][0] = np.inf
    with pytest.raises(DataError, match="finite numbers, found 1 bad points, the first at row 0"):
        read_points(write(path, table, "binary"))
    table["x"] = np.nan
    with pytest.raises(DataError, match="at least one point with coordinates, found 6 points"):
        read_points(write(path, table, "binary"))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_padding_is_dropped_and_colours_are_unpacked(tmp_path, encoding):
    table = np.zeros(2, [("x", "<f4"), ("_1", "u1", (3,)), ("y", "<f4"), ("z", "<f4"), ("_2", "u1"), ("rgba", "<u4")])
    table["rgba"] = [0x80FF1007, 0x00010203]
    names, values = read_pcd(write(tmp_path / "a.pcd", table, encoding))
    assert names == ("x", "y", "z", "r", "g", "b", "a")
    assert values[:, 3:].tolist() == [[255, 16, 7, 128], [1, 2, 3, 0]]


def test_a_colour_that_reads_as_nan_is_still_a_colour(tmp_path):
    table = np.zeros(1, [("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("rgb", "<f4")])
    table["rgb"] = np.array([0xFFFF8040], "<u4").view("<f4")
    assert np.isnan(table["rgb"]).all()
    assert read_points(write(tmp_path / "a.pcd", table, "binary")).values.tolist() == [[0, 0, 0, 255, 128, 64]]


def test_map_coordinates_that_float32_would_blur_are_refused_but_read_as_a_table(tmp_path):
    table = points(3)
    table["y"] += 4e6 + 0.123
    path = write(tmp_path / "a.pcd", table, "binary")
    assert np.array_equal(read_pcd(path)[1][:, 2], table["y"])
    with pytest.raises(DataError, match="subtract an offset"):
        read_points(path)


def test_a_byte_after_the_points_is_allowed_and_a_whole_point_is_not(tmp_path):
    path, table = tmp_path / "a.pcd", points(3)
    path.write_bytes(header(table, "binary") + table.tobytes() + b"\0")
    assert len(read_pcd(path)[1]) == 3
    path.write_bytes(header(table, "binary") + table.tobytes() + bytes(DTYPE.itemsize))
    with pytest.raises(DataError, match=r"points: expected 3 x 24 bytes.*found 96 bytes"):
        read_pcd(path)


FAULTS = {
    "VERSION": ("0.8", "VERSION: expected one of"),
    "SIZE": ("4 4 8 4 2", "SIZE: expected one for each of 6 fields, found 5"),
    "TYPE": ("F F F F U X", r"TYPE of n: expected one of \['I', 'U', 'F'\], found 'X'"),
    "COUNT": ("1 1 1 1 1 99999999", "COUNT: expected at most 65536"),
    "WIDTH": ("7", "POINTS: expected WIDTH x HEIGHT = 7 x 1, found 40"),
    "HEIGHT": ("-1", "HEIGHT: expected a whole number from 1, found '-1'"),
    "POINTS": (None, "header: expected the lines .* found none for POINTS"),
    "FIELDS": ("x x y z ring n", "FIELDS: expected different names"),
    "DATA": ("zip", "DATA: expected one of"),
}


@pytest.mark.parametrize("key", FAULTS)
def test_a_wrong_line_of_the_header_is_named(tmp_path, key):
    value, message = FAULTS[key]
    path = write(tmp_path / "a.pcd", points(), "binary")
    path.write_bytes(header(points(), "binary", **{key: value}) + points().tobytes())
    with pytest.raises(DataError, match=message):
        read_pcd(path)


def test_absurd_counts_are_refused_before_memory_is_taken(tmp_path):
    path = tmp_path / "a.pcd"
    huge = {"WIDTH": 10**12, "POINTS": 10**12}
    for encoding in ENCODINGS:
        path.write_bytes(header(points(), encoding, **huge) + b"\0" * 100)
        with pytest.raises(DataError, match="POINTS: expected at most"):
            read_pcd(path)
    path.write_bytes(header(points(), "binary_compressed") + struct.pack("<II", 4, 40 * 24) + b"\x02abc")
    with pytest.raises(DataError, match=r"uncompressed size: expected 960 bytes.*at most 88 times the 4"):
        read_pcd(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"1 2 3\n4 5\n", "point 1: expected 3 numbers, found '4 5'"),
        (b"1 2 3\n4 5 six\n", "point 1: expected numbers, found '4 5 six'"),
        (b"1 2 3\n", "expected 2 lines, as POINTS says, found 1"),
        (b"1 2 3\n4 5 " + b"6" * 99, "point 1: expected 3 numbers"),
        (b"1 2 3\n4 5 2.5\n", "ring of point 1: expected whole numbers from 0 to 255, found 2.5"),
    ],
)
def test_text_that_is_no_table_is_refused(tmp_path, text, message):
    table = np.zeros(2, [("x", "<f4"), ("y", "<f4"), ("ring", "u1")])
    path = tmp_path / "a.pcd"
    path.write_bytes(header(table, "ascii") + text)
    with pytest.raises(DataError, match=message):
        read_pcd(path)


def test_a_cloud_without_coordinates_is_refused(tmp_path):
    table = np.zeros(2, [("x", "<f4"), ("y", "<f4")])
    with pytest.raises(DataError, match=r"columns: expected x, y and z, found \['x', 'y'\]"):
        read_points(write(tmp_path / "a.pcd", table, "binary"))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_damaged_files_give_points_or_a_good_error(tmp_path, encoding):
    assert survive(read_points, write(tmp_path / "a.pcd", points(), encoding), 200) > 60


@pytest.mark.parametrize("name", ["a.pcd", "a.ply", "a.bin", "a.pcd.bin"])
def test_a_file_of_gigabytes_is_refused_unread(tmp_path, name):
    with (tmp_path / name).open("wb") as file:
        file.truncate(2**30 + 80)
    with pytest.raises(DataError, match=r"expected at most 1,073,741,824 bytes, found 1,073,741,904 bytes"):
        read_points(tmp_path / name)
