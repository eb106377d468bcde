"""The LAS reader: coordinates to the millimetre, and refusals."""

from pathlib import Path

import laspy
import numpy as np
import pytest

from xmodal.errors import DataError
from xmodal.modalities.lidar.las import read_las

XYZ = np.array([[541999.001, 4134999.999, 1021.25], [542010.5, 4135000.002, 998.003], [542019.998, 4134981.1, 1000.0]])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Three points with map coordinates that float32 cannot hold."""
    las = laspy.create(point_format=3, file_version="1.3")
    las.header.offsets, las.header.scales = np.array([5e5, 4e6, 0.0]), np.full(3, 0.001)
    las.x, las.y, las.z = XYZ.T
    las.intensity = [7, 0, 65535]
    las.return_number, las.number_of_returns = [1, 2, 3], [3, 3, 5]
    las.classification = [2, 5, 7]
    las.write(str(tmp_path / "points.las"))
    return tmp_path / "points.las"


def test_values_are_what_was_written(path: Path) -> None:
    points = read_las(path)
    np.testing.assert_allclose(points.xyz_m, XYZ, atol=1e-6)
    assert points.xyz_m.dtype == np.float64
    assert points.intensity.tolist() == [7, 0, 65535]
    assert points.return_number.tolist() == [1, 2, 3]
    assert points.number_of_returns.tolist() == [3, 3, 5]
    assert points.classification.tolist() == [2, 5, 7]


def test_rows_keep_the_millimetres_that_a_direct_cast_would_lose(path: Path) -> None:
    points = read_las(path)
    table = points.rows(XYZ[0]).values.numpy()
    assert table.dtype == np.float32
    np.testing.assert_allclose(table[:, :3], XYZ - XYZ[0], atol=1e-5)
    assert np.abs(XYZ.astype(np.float32) - XYZ).max() > 0.1


@pytest.mark.parametrize("keep", [0, 3, 100, 240, -1, -20])
def test_a_truncated_file_is_refused(path: Path, keep: int) -> None:
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"points\.las"):
        read_las(path)


def test_a_truncated_file_says_how_many_bytes_are_missing(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match="expected 3 x 34 bytes, found 101 bytes"):
        read_las(path)


@pytest.mark.parametrize(
    ("place", "value", "field"), [(131, 0.0, "scale"), (131, np.nan, "scale"), (155, np.inf, "off")]
)
def test_a_wrong_scale_or_offset_is_named(path: Path, place: int, value: float, field: str) -> None:
    raw = bytearray(path.read_bytes())
    raw[place : place + 8] = np.float64(value).tobytes()
    path.write_bytes(raw)
    with pytest.raises(DataError, match=field):
        read_las(path)


def test_a_flipped_coordinate_leaves_the_bounds_of_the_header(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[-3 * 34 + 3] ^= 0x40  # the highest byte of the first X
    path.write_bytes(raw)
    with pytest.raises(DataError, match="inside the bounds of the header"):
        read_las(path)


def test_a_count_that_the_file_has_no_room_for_is_refused_at_once(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[100:104] = b"\xff" * 4
    path.write_bytes(raw)
    with pytest.raises(DataError, match="variable length records"):
        read_las(path)


def test_other_formats_and_missing_files_are_refused(path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_las(path.with_name("none.las"))
    path.write_bytes(b"ply\n" + path.read_bytes()[4:])
    with pytest.raises(DataError, match="signature LASF"):
        read_las(path)


def test_mutated_files_give_data_or_a_data_error(path: Path) -> None:
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for number in range(300):
        raw = bytearray(whole)
        for k in rng.integers(0, 227 if number % 2 else len(raw), 3):
            raw[k] = rng.integers(256)
        path.write_bytes(raw)
        try:
            points = read_las(path)
            assert np.isfinite(points.xyz_m).all()
        except DataError:
            refused += 1
    assert 50 < refused < 300


def test_real_points_lie_on_their_plot(data_root: Path) -> None:
    points = read_las(data_root / "idtrees2020" / "RemoteSensing" / "LAS" / "MLBS_1.las")
    assert len(points) == 12318
    low, high = points.xyz_m.min(0), points.xyz_m.max(0)
    assert (low[:2] >= [542055, 4134979]).all()
    assert (high[:2] <= [542075, 4134999]).all()
