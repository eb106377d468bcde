"""Reading clouds: what a format allows is read, what it forbids is named."""

import numpy as np
import pytest
import torch

from xmodal.errors import DataError
from xmodal.modalities.lidar import LidarAdapter, PointEncoder

CLOUD = np.arange(24, dtype="<f4").reshape(6, 4)


def test_bin_gives_the_points_that_were_written(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(CLOUD.tobytes())
    values = LidarAdapter.read(path).values
    assert values.dtype == torch.float32
    assert torch.equal(values, torch.from_numpy(CLOUD))


@pytest.mark.parametrize("dtype", ["<f2", "<f4", ">f4", "<f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_gives_the_points_that_were_written(tmp_path, dtype, order):
    path = tmp_path / "a.npy"
    np.save(path, np.asarray(CLOUD[:, :3], dtype=dtype, order=order))
    assert torch.equal(LidarAdapter.read(path).values, torch.from_numpy(CLOUD[:, :3].copy()))


def write(path, data):
    path.write_bytes(data) if isinstance(data, bytes) else np.save(path, data, allow_pickle=True)
    return path


BAD = CLOUD.copy()
BAD[4, 2] = np.nan
FAULTS = {
    "truncated": ("a.bin", CLOUD.tobytes()[:-3], "multiple of 16 bytes, found 93 bytes"),
    "empty": ("a.bin", b"", "multiple of 16 bytes, found 0 bytes"),
    "nan": ("a.bin", BAD.tobytes(), "finite numbers, found 1 bad points, the first at row 4"),
    "infinite": ("a.npy", np.where(CLOUD == 5, np.inf, CLOUD), "first at row 1"),
    "suffix": ("a.xyz", b"x", r"one of \['.bin', '.npy', '.pcd', '.pcd.bin', '.ply'\], found suffix '.xyz'"),
    "pickle": ("a.npy", np.array([{}], dtype=object), "without objects"),
    "integers": ("a.npy", CLOUD.astype(int), "float16, float32 or float64 numbers, found int64"),
    "flat": ("a.npy", CLOUD.ravel(), r"shape \[P >= 1, F >= 3\], found \[24\]"),
    "two columns": ("a.npy", CLOUD[:, :2], r"found \[6, 2\]"),
    "no rows": ("a.npy", CLOUD[:0], "a .npy array without objects|shape"),
    "far away": ("a.npy", CLOUD.astype("f8") + 4e6, "subtract an offset"),
    "not npy": ("a.npy", b"hello, this is no array", "a .npy array"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_the_file(tmp_path, fault):
    name, data, message = FAULTS[fault]
    path = write(tmp_path / name, data)
    with pytest.raises(DataError, match=message) as caught:
        LidarAdapter.read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["missing.bin", "missing.npy"])
def test_missing_file(tmp_path, name):
    with pytest.raises(DataError, match="No such file"):
        LidarAdapter.read(tmp_path / name)


def test_a_file_with_trailing_or_missing_bytes_is_refused(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, CLOUD)
    whole = path.read_bytes()
    for data in (whole + b"x", whole[:-1]):
        path.write_bytes(data)
        with pytest.raises(DataError):
            LidarAdapter.read(path)


def mutate(data, rng):
    data = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        where = int(rng.integers(0, min(len(data), 140)))
        if rng.random() < 0.7:
            data[where] = int(rng.integers(0, 256))
        else:
            del data[where : where + int(rng.integers(1, 20))]
    return bytes(data)


@pytest.mark.parametrize("count", [400, pytest.param(10_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["a.bin", "a.npy"])
def test_mangled_files_give_finite_points_or_a_data_error(tmp_path, name, count):
    rng = np.random.default_rng(0)
    path = tmp_path / name
    whole = CLOUD.tobytes()
    if name == "a.npy":
        np.save(path, CLOUD)
        whole = path.read_bytes()
    refused = 0
    for _ in range(count):
        path.write_bytes(mutate(whole, rng))
        try:
            values = LidarAdapter.read(path).values
        except DataError:
            refused += 1
        else:
            assert values.isfinite().all()
            assert values.shape[1] >= 3
    assert refused > count / 10


def test_a_real_scan_lies_in_front_of_the_car(data_root):
    for path in sorted((data_root / "kitti-3frames" / "training" / "velodyne").glob("*.bin")):
        values = PointEncoder.read(path).values
        assert len(values) > 10_000
        assert values[:, :3].abs().max() < 130
        assert values[:, 3].min() >= 0
        assert values[:, 3].max() <= 1
