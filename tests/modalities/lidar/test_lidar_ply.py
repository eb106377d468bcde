"""PLY: text, little and big endian hold the same vertices; what stands around them is passed over."""

import numpy as np
import pytest

from fuzz import survive
from xmodal.errors import DataError
from xmodal.modalities.lidar import read_ply, read_points

ORDERS = {"ascii": "<", "binary_little_endian": "<", "binary_big_endian": ">"}
COLUMNS = {
    "red": ("uchar", "u1"), "x": ("float", "f4"), "y": ("float32", "f4"), "z": ("double", "f8"),
    "a": ("short", "i2"), "b": ("uint", "u4"), "c": ("int8", "i1"),
}  # fmt: skip
CAMERA = "element camera 2\nproperty float angle\nproperty uchar id\n"
FACES = "element face 1\nproperty list uchar int vertex_indices\n"


def vertices(count=30):
    rng = np.random.default_rng(0)
    table = np.zeros(count, [(name, code) for name, (_, code) in COLUMNS.items()])
    for name, (_, code) in COLUMNS.items():
        whole = np.iinfo(code) if code[0] in "iu" else None
        table[name] = rng.integers(whole.min, whole.max, count, endpoint=True) if whole else rng.normal(0, 9, count)
    return table


def write(path, table, kind, *, before="", after=FACES, text="", binary=b""):
    """`text` and `binary` are the records of the elements named in `before`."""
    order = ORDERS[kind]
    properties = "".join(f"property {COLUMNS[name][0]} {name}\n" for name in table.dtype.names)
    head = f"ply\nformat {kind} 1.0\ncomment made by hand\n{before}element vertex {len(table)}\n{properties}{after}"
    if kind == "ascii":
        rows = "".join(" ".join(repr(v) for v in row.tolist()) + "\n" for row in table)
        path.write_bytes(f"{head}end_header\n{text}{rows}3 0 1 2\n".encode())
    else:
        swapped = table.astype(table.dtype.newbyteorder(order))
        path.write_bytes(f"{head}end_header\n".encode() + binary + swapped.tobytes() + b"\3" + bytes(12))
    return path


@pytest.mark.parametrize("kind", ORDERS)
def test_every_property_comes_back_as_it_was_written(tmp_path, kind):
    table = vertices()
    names, values = read_ply(write(tmp_path / "a.ply", table, kind))
    assert names == tuple(COLUMNS)
    for i, name in enumerate(names):
        assert np.array_equal(values[:, i], table[name].astype("f8")), name


@pytest.mark.parametrize("kind", ORDERS)
def test_the_cloud_begins_with_x_y_z(tmp_path, kind):
    table = vertices()
    cloud = read_points(write(tmp_path / "a.ply", table, kind)).values.numpy()
    assert np.array_equal(cloud[:, 2], table["z"].astype("f4"))
    assert np.array_equal(cloud[:, 3], table["red"])


@pytest.mark.parametrize("kind", ORDERS)
def test_elements_before_the_vertices_are_passed_over(tmp_path, kind):
    record = np.array([(1.5, 7), (2.5, 8)], [("angle", f"{ORDERS[kind]}f4"), ("id", "u1")])
    path = write(tmp_path / "a.ply", vertices(), kind, before=CAMERA, text="1.5 7\n2.5 8\n", binary=record.tobytes())
    assert np.array_equal(read_ply(path)[1][:, 4], vertices()["a"])


def test_lists_before_the_vertices_are_read_over_in_text_and_refused_in_binary(tmp_path):
    path = write(tmp_path / "a.ply", vertices(), "ascii", before=FACES, after="", text="3 0 1 2\n")
    assert np.array_equal(read_ply(path)[1][:, 0], vertices()["red"])
    path = write(
        tmp_path / "b.ply", vertices(), "binary_little_endian", before=FACES, after="", binary=b"\3" + bytes(12)
    )
    with pytest.raises(DataError, match="element face: expected no list property before the vertices of a binary file"):
        read_ply(path)


def test_lines_may_end_as_windows_ends_them(tmp_path):
    path = write(tmp_path / "a.ply", vertices(), "ascii")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert len(read_ply(path)[1]) == 30


FAULTS = {
    "magic": (b"ply\n", b"plx\n", "the line 'ply' at its start, found b'plx"),
    "format": (b"binary_little_endian", b"binary_middle_endian", "line 2: expected format and one of"),
    "version": (b" 1.0", b" 2.0", "format: expected version 1.0, found '2.0'"),
    "count": (b"vertex 30", b"vertex -3", "expected element NAME COUNT"),
    "huge": (b"vertex 30", b"vertex 99999999999", "element vertex: expected at most"),
    "long": (b"vertex 30", b"vertex 31000", "vertices: expected 744000 bytes from byte"),
    "none": (b"vertex 30", b"vertex 0", "at least one vertex with properties, found 0"),
    "absent": (b"element vertex", b"element corner", "elements: expected one named vertex"),
    "type": (b"property short", b"property shorty", "expected property TYPE NAME"),
    "twice": (b"float32 y", b"float32 x", "properties of different names"),
    "list": (b"property short a", b"property list uchar int a", "element vertex: expected scalar properties only"),
    "endless": (b"end_header", b"and_header", "the last end_header|element, then its property lines"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named(tmp_path, fault):
    old, new, message = FAULTS[fault]
    path = write(tmp_path / "a.ply", vertices(), "binary_little_endian")
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    with pytest.raises(DataError, match=message) as caught:
        read_ply(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("kind", ORDERS)
def test_truncated_files_are_refused(tmp_path, kind):
    path = write(tmp_path / "a.ply", vertices(), kind)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"vertices: expected|point 29"):
        read_ply(path)


@pytest.mark.parametrize("kind", ORDERS)
def test_damaged_files_give_points_or_a_good_error(tmp_path, kind):
    assert survive(read_points, write(tmp_path / "a.ply", vertices(), kind), 200) > 60
