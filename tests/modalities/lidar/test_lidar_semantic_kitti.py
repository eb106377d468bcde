"""SemanticKITTI and View-of-Delft: KITTI's layout with labels beside it, or with another reflectance."""

from functools import partial

import numpy as np
import pytest
import torch

from fuzz import survive
from xmodal.errors import DataError
from xmodal.modalities.lidar.semantic_kitti import CLASSES, LEARNING_MAP, learning_ids, read_labels, read_scan
from xmodal.modalities.lidar.view_of_delft import read_vod_lidar

IDS = np.array(sorted(LEARNING_MAP), dtype=np.uint32)


def write(folder, words, count=None):
    points = np.random.default_rng(0).random((len(words) if count is None else count, 4)).astype("<f4")
    (folder / "a.bin").write_bytes(points.tobytes())
    (folder / "a.label").write_bytes(words.astype("<u4").tobytes())
    return folder / "a.bin", folder / "a.label"


def test_low_bits_are_the_class_and_high_bits_the_instance(tmp_path):
    _, path = write(tmp_path, np.array([40, 10 | (7 << 16), 252 | (65535 << 16)], dtype=np.uint32))
    assert path.read_bytes()[4:8] == b"\x0a\x00\x07\x00"
    classes, instances = read_labels(path, 3)
    assert classes.tolist() == [40, 10, 252]
    assert instances.tolist() == [0, 7, 65535]


def test_34_classes_fall_into_20():
    assert len(LEARNING_MAP) == 34
    assert sorted(set(LEARNING_MAP.values())) == list(range(20))
    assert len(CLASSES) == 19
    names = {10: "car", 252: "car", 40: "road", 60: "road", 81: "traffic-sign", 254: "person", 72: "terrain"}
    for number, name in names.items():
        assert CLASSES[int(learning_ids(np.array([number]))[0]) - 1] == name
    assert learning_ids(np.array([0, 1, 52, 99])).tolist() == [0, 0, 0, 0]


def test_a_scan_ignores_what_the_benchmark_ignores(tmp_path):
    cloud, classes, instances = read_scan(*write(tmp_path, IDS | (3 << 16)))
    assert cloud.values.shape == (34, 4)
    assert classes.dtype == torch.long
    assert classes.min() == -1
    assert classes.max() == 18
    assert (classes == -1).sum() == sum(v == 0 for v in LEARNING_MAP.values())
    assert instances.tolist() == [3] * 34


@pytest.mark.parametrize("count", [33, 35])
def test_the_number_of_labels_is_that_of_the_points(tmp_path, count):
    with pytest.raises(DataError, match=f"a.label: expected {4 * count} bytes, one uint32 for each of {count} points"):
        read_scan(*write(tmp_path, IDS, count))


def test_an_unknown_class_is_named(tmp_path):
    _, path = write(tmp_path, np.array([0, 12, 12]))
    with pytest.raises(DataError, match=r"class \(low 16 bits\): expected one of 34 known ids, found 12 at point 1"):
        read_labels(path, 3)


def test_damaged_labels_give_labels_or_a_good_error(tmp_path):
    _, path = write(tmp_path, IDS)
    assert survive(partial(read_labels, count=34), path, 200) > 100


def test_delft_reflectance_is_scaled_to_kitti(tmp_path):
    table = np.array([[1, 2, 3, 255], [4, 5, 6, 51]], "<f4")
    path = tmp_path / "a.bin"
    path.write_bytes(table.tobytes())
    assert read_vod_lidar(path).values.tolist() == [[1, 2, 3, 1], [4, 5, 6, pytest.approx(0.2)]]
    table[0, 3] = 256
    path.write_bytes(table.tobytes())
    with pytest.raises(DataError, match=r"reflectance \(column 3\): expected 0 to 255, found 51 to 256"):
        read_vod_lidar(path)


def test_damaged_delft_files_give_points_or_a_good_error(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(np.random.default_rng(0).uniform(0, 255, (60, 4)).astype("<f4").tobytes())
    assert survive(read_vod_lidar, path, 200) > 60
