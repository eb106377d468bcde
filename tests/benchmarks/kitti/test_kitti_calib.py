"""Calibration files, whole and broken."""

from pathlib import Path

import pytest
import torch

from xmodal.benchmarks.kitti import read_calibration
from xmodal.data.projection import project
from xmodal.errors import DataError

CALIB = Path("training/calib/000007.txt")


def changed(root: Path, old: str, new: str) -> Path:
    path = root / CALIB
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return path


def test_matrices_come_back_in_float64(kitti: Path) -> None:
    calibration = read_calibration(kitti / CALIB)
    assert calibration.cameras[2].tolist() == [[20, 0, 30, 4], [0, 20, 10, 0], [0, 0, 1, 0]]
    assert calibration.lidar_to_camera.dtype == torch.float64
    assert calibration.imu_to_lidar is not None
    assert calibration.imu_to_lidar[0, 3].item() == -0.8


def test_a_point_ahead_lands_beside_the_principal_point(kitti: Path) -> None:
    uv, depth = project(torch.tensor([[10.0, 1, -2]]), read_calibration(kitti / CALIB).lidar_to_image())
    # left by 1 m, down by 2 m, 10 m ahead: u = 30 + (-1 * 20 + 4) / 10, v = 10 + 2 * 20 / 10
    assert uv[0].tolist() == pytest.approx([28.4, 14])
    assert depth.item() == pytest.approx(10)


@pytest.mark.parametrize("line", ["Tr_imu_to_velo:", "Tr_imu_to_velo: "])
def test_an_empty_imu_line_is_allowed(kitti: Path, line: str) -> None:
    path = changed(kitti, "Tr_imu_to_velo: 1 0 0 -0.8 0 1 0 0.3 0 0 1 -0.8", line)
    assert read_calibration(path).imu_to_lidar is None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("P2: 20 0 30 4 0 20 10 0 0 0 1 0\n", "", r"field P2: expected a line 'name: numbers', found no such line"),
        ("P2: 20", "P2:", r"line 3, field P2: expected 12 numbers, found 11"),
        ("P2: 20", "P2: 20 20", r"line 3, field P2: expected 12 numbers, found 13"),
        ("P2: 20", "P2: nan", r"line 3, field P2: expected a finite number, found 'nan'"),
        ("P2: 20", "P2: 2_0", r"line 3, field P2: expected a finite number, found '2_0'"),
        ("P2: 20", "P2: 1e999", r"line 3, field P2: expected a finite number, found '1e999'"),
        ("P2: 20", "P2: -20", r"line 3, field P2: expected positive focal lengths"),
        ("P2: 20", "P1: 20", r"line 3: expected one line P1, found a second one"),
        ("P2: 20", "P2 20", r"line 3: expected 'name: numbers'"),
        ("R0_rect: 1", "R0_rect: 2", r"line 5, field R0_rect: expected a rotation"),
        ("Tr_velo_to_cam: 0 -1", "Tr_velo_to_cam:", r"line 6, field Tr_velo_to_cam: expected 12 numbers, found 10"),
    ],
)
def test_broken_files_are_named_with_file_line_and_field(kitti: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(DataError, match=r"000007\.txt, " + told):
        read_calibration(changed(kitti, old, new))


def test_what_is_no_text_is_refused(kitti: Path) -> None:
    (kitti / CALIB).write_bytes(b"\xff\xfe\x00P2")
    with pytest.raises(DataError, match=r"000007\.txt: expected a text file"):
        read_calibration(kitti / CALIB)
    with pytest.raises(DataError, match="found no such file"):
        read_calibration(kitti / "nothing.txt")


def test_changed_characters_give_a_calibration_or_a_data_error(kitti: Path) -> None:
    path = kitti / CALIB
    text = path.read_bytes()
    read = refused = 0
    for place in range(len(text)):
        for new in (b"", b"9", b"\x00")[place % 3 :]:
            path.write_bytes(text[:place] + new + text[place + 1 :])
            try:
                calibration = read_calibration(path)
            except DataError:
                refused += 1
            else:
                read += 1
                assert all(matrix.isfinite().all() for matrix in calibration.cameras)
    assert read > 50
    assert refused > 200
