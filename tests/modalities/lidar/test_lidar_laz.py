"""LAZ: what the decompressor would believe is checked first, place by place."""

import struct

import numpy as np
import pytest

from xmodal.errors import DataError
from xmodal.modalities.lidar.las import read_las

laspy = pytest.importorskip("laspy", reason="the extra `geo` is not installed")
POINTS = 60
RECORDS = {"1.3": (235, 341), "1.4": (375, 469)}
"""By version: where the header ends, and where the points begin, in the files written here."""


def written(path, version="1.4"):
    las = laspy.create(point_format=6 if version == "1.4" else 3, file_version=version)
    las.header.scales = np.full(3, 0.01)
    drawn = np.random.default_rng(0).uniform(0, 50, (3, POINTS))
    las.x, las.y, las.z = drawn
    las.write(str(path))
    return path, drawn.T


def edited(path, at, form, *values):
    data = bytearray(path.read_bytes())
    struct.pack_into(form, data, at, *values)
    path.write_bytes(bytes(data))
    return path


@pytest.mark.parametrize("version", RECORDS)
def test_a_whole_file_is_read(tmp_path, version):
    path, xyz = written(tmp_path / "a.laz", version)
    np.testing.assert_allclose(read_las(path).xyz_m, xyz, atol=0.006)


FAULTS = {
    "compressor": (
        0,
        54,
        "<H",
        (9,),
        r"laszip record: expected a compressor of \(1, 2, 3\) with coder 0, found 9 with 0",
    ),
    "chunk": (0, 54 + 12, "<I", (0,), "points a chunk: expected 1 to 16777216, found 0"),
    "part": (0, 54 + 34, "<H", (7,), r"known parts of 30 bytes in all, found \(kind, bytes\) \[\(7, 30\)\]"),
    "table": (1, 0, "<q", (2**40,), r"table of chunks: expected a place from 477 to \d+, found 1099511627776"),
    "layer": (
        1,
        8 + 30 + 4 + 8,
        "<I",
        (2**32 - 1,),
        r"chunk 0: layers: expected content inside the chunk, found \d+ bytes",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_promise_that_cannot_be_kept_is_refused_before_it_is_believed(tmp_path, fault):
    start, at, form, values, message = FAULTS[fault]
    path, _ = written(tmp_path / "a.laz")
    with pytest.raises(DataError, match=message):
        read_las(edited(path, RECORDS["1.4"][start] + at, form, *values))


def test_a_table_of_four_billion_chunks_is_refused(tmp_path):
    path, _ = written(tmp_path / "a.laz")
    (table_at,) = struct.unpack_from("<q", path.read_bytes(), RECORDS["1.4"][1])
    with pytest.raises(DataError, match="number of chunks: expected 1 to 1 for 60 points, found 4294967295"):
        read_las(edited(path, table_at + 4, "<I", 2**32 - 1))
