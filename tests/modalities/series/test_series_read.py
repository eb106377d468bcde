"""Series from .csv, .npy and MATLAB 7.3 files, real, synthetic and damaged."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from fuzz import survive
from xmodal.errors import DataError
from xmodal.modalities.series import SeriesAdapter
from xmodal.modalities.series.read import read_series
from xmodal.modalities.series.table import read_table

h5py = pytest.importorskip("h5py")
VALUES = np.random.default_rng(0).normal(size=(30, 4))


def write_mat(path: Path, name: str = "data", values: np.ndarray = VALUES, **storage) -> Path:
    with h5py.File(path, "w", userblock_size=512) as file:
        file.create_dataset(name, data=values.T, **storage)
    raw = bytearray(path.read_bytes())
    raw[:128] = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM"
    path.write_bytes(raw)
    return path


def write_csv(path: Path, header: str = "a,b,c,d\n", values: np.ndarray = VALUES) -> Path:
    path.write_text(header + "".join(",".join(map(repr, row)) + "\n" for row in values.tolist()))
    return path


@pytest.mark.parametrize("header", ["a,b,c,d\n", "", "\ufeffa,b,c,d\r\n"])
def test_csv_with_and_without_names(tmp_path, header):
    rows = read_series(write_csv(tmp_path / "a.csv", header))
    assert rows.values.dtype == torch.float32
    np.testing.assert_array_equal(rows.values.numpy(), VALUES.astype(np.float32))


@pytest.mark.parametrize("sign", [";", "\t"])
def test_csv_with_other_delimiters(tmp_path, sign):
    path = write_csv(tmp_path / "a.csv")
    path.write_text(path.read_text().replace(",", sign))
    np.testing.assert_array_equal(read_series(path).values.numpy(), VALUES.astype(np.float32))


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n3,-4e1\n",
        "a,b\r\n1,2\r\n3,-4e1\r\n",
        "a,b\r1,2\r3,-4e1\r",
        "a,b\n\n1,2\n\n3,-4e1",
        " a , b \n 1, 2 \n+3.,-40\n",
        '"a",b\n"1","2"\n3,"-4e1"\n',
        "a,b\n1,2\n\u0663,-40\n",
        "a;b\n1;2\n3;-4e1\n",
    ],
    ids=["plain", "windows", "mac", "empty lines", "spaces", "quotes", "arabic", "semicolons"],
)
def test_a_table_is_read_however_it_is_written(tmp_path, text):
    (tmp_path / "a.csv").write_bytes(text.encode())
    names, values = read_table(tmp_path / "a.csv")
    assert names == ["a", "b"]
    assert values.tolist() == [[1, 2], [3, -40]]


def test_columns_are_chosen_by_name_or_number_in_the_order_asked_for(tmp_path):
    path = write_csv(tmp_path / "a.csv")
    np.testing.assert_array_equal(read_series(path, columns=["c", 0]).values, VALUES[:, [2, 0]].astype(np.float32))
    np.save(tmp_path / "a.npy", VALUES)
    np.testing.assert_array_equal(read_series(tmp_path / "a.npy", columns=[3]).values, VALUES[:, 3:].astype(np.float32))
    with pytest.raises(DataError, match=r"column 'e': expected one of \['a', 'b', 'c', 'd'\]"):
        read_series(path, columns=["e"])
    with pytest.raises(DataError, match="numbers from 0 to 3, found 4"):
        read_series(tmp_path / "a.npy", columns=[4])


def test_one_axis_is_one_channel(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(7, dtype=np.int16))
    assert read_series(tmp_path / "a.npy").values.tolist() == [[float(i)] for i in range(7)]


@pytest.mark.parametrize(
    "storage", [{}, {"chunks": (4, 7), "compression": "gzip", "shuffle": True}], ids=["plain", "gzip"]
)
def test_mat_has_the_axes_that_matlab_shows(tmp_path, storage):
    rows = read_series(write_mat(tmp_path / "a.mat", **storage))
    np.testing.assert_array_equal(rows.values.numpy(), VALUES.astype(np.float32))


def test_mat_with_several_matrices_needs_a_name(tmp_path):
    path = write_mat(tmp_path / "a.mat")
    with h5py.File(path, "r+") as file:
        file["other"] = VALUES[:5].T * 2
        file["far"] = h5py.ExternalLink("elsewhere.h5", "/data")
    with pytest.raises(DataError, match=r"the name of one, found the matrices \['data', 'other'\]"):
        read_series(path)
    assert torch.equal(read_series(path, dataset="other").values, torch.tensor(VALUES[:5] * 2).float())
    with pytest.raises(DataError, match="dataset 'far': expected one of"):
        read_series(path, dataset="far")


def test_mat_data_outside_of_the_file_or_never_written_is_refused(tmp_path):
    path = tmp_path / "a.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file.create_dataset("data", shape=(4, 30), dtype="f8", external=[("/etc/hostname", 0, 960)])
        file.create_dataset("sparse", shape=(4, 4000), dtype="f8", chunks=(4, 100))
    write_head(path)
    with pytest.raises(DataError, match="data: storage: expected data inside the file"):
        read_series(path, dataset="data")
    with pytest.raises(DataError, match="sparse: data: expected all of 128,000 bytes, found 0"):
        read_series(path, dataset="sparse")


def write_head(path: Path) -> None:
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(126) + b"IM" + path.read_bytes()[128:])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((2, 3, 4)), "two axes"),
        (np.zeros((3, 2), dtype=complex), "real numbers"),
        (np.array([[1.0, np.nan]]), "channel '1': expected finite numbers"),
    ],
    ids=["cube", "complex", "nan"],
)
def test_mat_with_other_content_is_refused(tmp_path, values, message):
    with pytest.raises(DataError, match=message):
        read_series(write_mat(tmp_path / "a.mat", values=values))


def test_older_matlab_files_are_told_apart(tmp_path):
    (tmp_path / "a.mat").write_bytes(b"MATLAB 5.0 MAT-file, Platform: PCWIN64".ljust(800))
    with pytest.raises(DataError, match=r"save with -v7\.3"):
        read_series(tmp_path / "a.mat")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "size: expected .* found 0 bytes"),
        ("a,b\n", "at least one row of numbers"),
        ("a,b\n1,2\n3\n", "line 3: expected 2 cells, found 1"),
        ("a,b\n1,2\n3,walk\n", "line 3, column 'b': expected a number .* found 'walk'"),
        ("a,b\n1,2\n3,\n", "line 3, column 'b': .* found ''"),
        ("a,b\n1,2\n3,1_000\n", "found '1_000'"),
        ("a,b\n1,2\n3,inf\n", "channel 'b': expected finite numbers, .* at step 1"),
        ("a,b\n1,2\n3,1e300\n", "within the range of float32"),
        ("t,b\n1657533977810,2\n1657533977819,3\n", "channel 't': expected numbers that float32 keeps apart"),
    ],
)
def test_a_bad_table_is_named(tmp_path, text, message):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        read_series(tmp_path / "a.csv")


def test_pickles_other_suffixes_and_missing_files_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="without objects"):
        read_series(tmp_path / "a.npy")
    with pytest.raises(DataError, match=r"found suffix '\.xls'"):
        read_series(tmp_path / "a.xls")
    for kind in ("csv", "npy", "mat"):
        with pytest.raises(DataError, match="no such file"):
            read_series(tmp_path / f"none.{kind}")


def test_a_npy_that_claims_more_than_it_holds_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", VALUES)
    raw = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(raw[:-8])
    with pytest.raises(DataError, match=r"complete \.npy"):
        read_series(tmp_path / "a.npy")
    (tmp_path / "a.npy").write_bytes(raw + b"x")
    with pytest.raises(DataError, match="as its header says"):
        read_series(tmp_path / "a.npy")


@pytest.mark.parametrize("kind", ["csv", "npy", "mat", "gzip.mat"])
def test_damaged_files_give_data_or_a_good_error(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    if kind == "csv":
        write_csv(path)
    elif kind == "npy":
        np.save(path, VALUES)
    else:
        write_mat(path, **({"chunks": (4, 7), "compression": "gzip"} if "gzip" in kind else {}))
    assert survive(read_series, path, 200) > 40


def test_a_real_radar_file_equals_what_h5py_reads(data_root):
    path = data_root / "mars" / "synced_data" / "wooutlier" / "subject1" / "radar_data1.mat"
    rows = read_series(path, columns=range(7))
    with h5py.File(path) as file:
        raw = file["radar_data_cropped"][()]
    assert rows.values.shape == (raw.shape[1], 7)
    np.testing.assert_array_equal(rows.values.numpy(), raw.T[:, :7].astype(np.float32))
    assert rows.values[:, 3].min() > 0  # y, metres in front of the radar
    assert rows.values[:, 3].max() < 5
    with pytest.raises(DataError, match=r"channel '7'.*float32 keeps apart"):  # the absolute time
        SeriesAdapter.read(path)


def test_a_real_skeleton_table_equals_what_the_csv_module_reads(data_root):
    path = data_root / "mars" / "synced_data" / "wooutlier" / "subject1" / "timesplit" / "kinect_data_test.csv"
    with path.open(newline="") as file:
        names, *rows = list(csv.reader(file))
    values = SeriesAdapter.read(path).values
    assert values.shape == (len(rows), 75)
    np.testing.assert_array_equal(values.numpy(), np.array(rows, dtype=np.float64).astype(np.float32))
    head = read_series(path, columns=["Head_X", "Head_Y", "Head_Z"]).values
    assert torch.equal(head, values[:, [names.index(f"Head_{axis}") for axis in "XYZ"]])


def test_a_real_inertial_table_is_read_without_its_words(data_root):
    path = data_root / "sp-sw-har" / "DATA" / "s01" / "s01_01_sw.csv"
    with pytest.raises(DataError, match=r"column 'label': expected a number .* found 'SEATED'"):
        read_series(path)
    channels = [f"{axis}_{kind}" for kind in ("acc", "gyro") for axis in "xyz"]
    values = read_series(path, columns=channels).values.numpy()
    by_hand = np.genfromtxt(path, delimiter=",", skip_header=1, usecols=range(6))
    np.testing.assert_array_equal(values, by_hand.astype(np.float32))
    assert 9 < np.median(np.linalg.norm(values[:, :3], axis=1)) < 10.5  # gravity, in m/s^2
