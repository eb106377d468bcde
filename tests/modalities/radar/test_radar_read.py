"""View-of-Delft clouds, and cubes and clouds from numpy files."""

import numpy as np
import pytest
import torch

from fuzz import survive
from xmodal.errors import DataError
from xmodal.modalities.radar import COLUMNS, RadarPoints, RadarTensor, read_radar
from xmodal.modalities.radar.cube import read_cube
from xmodal.modalities.radar.motion import line_of_sight
from xmodal.modalities.radar.view_of_delft import VOD_COLUMNS, read_vod_radar


def delft(count=30):
    table = np.random.default_rng(0).normal(0, 10, (count, 7)).astype("<f4")
    table[:, 6] = -np.arange(count) % 3 - 2
    return table


def write(path, table):
    path.write_bytes(table.tobytes()) if path.suffix == ".bin" else np.save(path, table)
    return path


def test_delft_has_seven_columns(tmp_path):
    names, table = read_vod_radar(write(tmp_path / "a.bin", delft()))
    assert names == VOD_COLUMNS == ("x", "y", "z", "rcs", "v_r", "v_r_comp", "time")
    assert np.array_equal(table, delft())


def test_a_delft_cloud_has_the_common_columns(tmp_path):
    values = RadarPoints.read(write(tmp_path / "a.bin", delft())).values
    assert COLUMNS == ("x", "y", "z", "rcs", "v_r", "v_r_comp", "vx", "vy", "time")
    assert np.array_equal(values[:, [0, 1, 2, 3, 4, 5, 8]].numpy(), delft())
    along = values[:, 5:6] * line_of_sight(values[:, :3])
    assert torch.allclose(values[:, 6:8], along[:, :2], atol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[:, :6], "7 float32 numbers a point, so a positive multiple of 28 bytes, found 720 bytes"),
        (lambda t: t.astype("<f8"), r"time \(column 6\)|finite"),
        (lambda t: t + np.eye(30, 7, dtype="<f4") * 0.5, r"time \(column 6\): expected whole numbers from -100 to 0"),
        (lambda t: np.where(t == t[2, 1], np.nan, t), "finite numbers, found 1 bad points, the first at row 2"),
    ],
)
def test_a_fault_of_a_delft_file_is_named(tmp_path, change, message):
    with pytest.raises(DataError, match=message):
        read_radar(write(tmp_path / "a.bin", change(delft()).copy()))


def test_damaged_delft_files_give_points_or_a_good_error(tmp_path):
    assert survive(read_radar, write(tmp_path / "a.bin", delft()), 200) > 60


@pytest.mark.parametrize("shape", [(8, 4, 6), (8, 4, 6, 3)])
@pytest.mark.parametrize("dtype", ["<f2", "<f4", ">f4", "<f8"])
def test_a_cube_comes_back_as_it_was_written(tmp_path, shape, dtype):
    cube = np.random.default_rng(0).random(shape).astype(dtype)
    values = RadarTensor.read(write(tmp_path / "a.npy", cube))
    assert values.dtype == torch.float32
    assert np.array_equal(values.numpy(), cube.astype("f4"))


@pytest.mark.parametrize("dtype", ["<c8", "<c16"])
def test_complex_cubes_become_magnitudes(tmp_path, dtype):
    cube = np.full((2, 2, 2), 3 - 4j, dtype)
    assert (read_cube(write(tmp_path / "a.npy", cube)) == 5).all()


def test_two_axes_are_a_cloud_for_the_modality_and_a_fault_for_a_cube(tmp_path):
    table = np.random.default_rng(0).normal(size=(5, 9))
    path = write(tmp_path / "a.npy", table)
    assert np.array_equal(read_radar(path).values.numpy(), table.astype("f4"))
    with pytest.raises(DataError, match=r"shape: expected a cube \[range, Doppler, azimuth\] or .* found \[5, 9\]"):
        read_cube(path)
    with pytest.raises(DataError, match=r"floats \[P, 9\] in the order .* found float64 \[5, 8\]"):
        read_radar(write(path, table[:, :8]))


@pytest.mark.parametrize(
    ("cube", "message"),
    [
        (np.zeros((2, 2, 2, 2, 2)), r"shape: expected a cube .* found \[2, 2, 2, 2, 2\]"),
        (np.zeros((2, 2, 2), int), "dtype: expected float or complex numbers of up to 64 bits, found int64"),
        (np.array([[[1.0, np.nan]]]), "values as float32: expected finite numbers"),
        (np.array([[[1e300, 1.0]]]), "values as float32: expected finite numbers"),
        (np.array([[[complex(np.inf, 0)]]]), "values as float32: expected finite numbers"),
        (np.zeros((0, 3, 3)), "a .npy array without objects|shape"),
        (np.array([[[{}]]], dtype=object), "a .npy array without objects"),
    ],
)
def test_a_fault_of_an_array_is_named(tmp_path, cube, message):
    path = tmp_path / "a.npy"
    np.save(path, cube, allow_pickle=True)
    with pytest.raises(DataError, match=message):
        read_radar(path)


def test_a_cube_too_large_is_refused_by_its_header(tmp_path):
    path = tmp_path / "a.npy"
    np.lib.format.open_memmap(path, mode="w+", dtype="f2", shape=(1, 1, 2**26 + 1)).flush()
    with pytest.raises(DataError, match="shape: expected at most 67,108,864 cells"):
        read_radar(path)


def test_damaged_cubes_give_cubes_or_a_good_error(tmp_path):
    cube = np.random.default_rng(0).random((8, 4, 6, 2)).astype("<f4")
    assert survive(read_radar, write(tmp_path / "a.npy", cube), 200) > 60


def test_other_files_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"a radar file, one of \['.bin', '.npy', '.pcd'\], found suffix '.csv'"):
        read_radar(tmp_path / "a.csv")
    for suffix in (".bin", ".npy", ".pcd"):
        with pytest.raises(DataError, match="No such file"):
            read_radar(tmp_path / f"missing{suffix}")
