"""nuScenes: five columns a point, and the chain of frames from the LiDAR to a pixel."""

import numpy as np
import pytest
import torch

from fuzz import survive
from xmodal.errors import DataError
from xmodal.modalities.lidar import read_points
from xmodal.modalities.lidar.nuscenes import (
    LIDAR_COLUMNS,
    Pose,
    camera_to_pixels,
    lidar_to_camera,
    read_nuscenes_lidar,
    rotation_matrix,
    to_child,
    to_parent,
)

NAMES = ("lidar", "ego_at_lidar", "ego_at_camera", "camera")


def scan(count=50):
    rng = np.random.default_rng(0)
    table = np.zeros((count, 5), "<f4")
    table[:, :3] = rng.normal(0, 20, (count, 3))
    table[:, 3], table[:, 4] = rng.integers(0, 256, count), rng.integers(0, 32, count)
    return table


def write(path, table):
    path.write_bytes(table.astype("<f4").tobytes())
    return path


def test_the_file_has_five_columns_and_the_cloud_reflectance_up_to_one(tmp_path):
    path = write(tmp_path / "a.pcd.bin", scan())
    names, table = read_nuscenes_lidar(path)
    assert names == LIDAR_COLUMNS
    assert np.array_equal(table, scan())
    cloud = read_points(path).values
    assert cloud.dtype == torch.float32
    assert torch.equal(cloud[:, [0, 1, 2, 4]], torch.from_numpy(scan()[:, [0, 1, 2, 4]]))
    assert torch.equal(cloud[:, 3] * 255, torch.from_numpy(scan()[:, 3]))


def changed(column, value):
    table = scan()
    table[3, column] = value
    return table


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (scan()[:, :4][:3], "5 float32 numbers a point, so a positive multiple of 20 bytes, found 48 bytes"),
        (scan()[:0], "found 0 bytes"),
        (scan()[:, :4][:50], r"intensity|ring"),  # 200 numbers are 40 rows of five, but not of this file
        (changed(4, 3.5), r"ring \(column 4\): expected whole numbers from 0 to 127, found 3.5 at row 3"),
        (changed(3, 300), r"intensity \(column 3\): expected 0 to 255, found 0 to 300|found .* to 300"),
        (changed(0, np.nan), "finite numbers, found 1 bad points, the first at row 3"),
    ],
)
def test_a_fault_is_named(tmp_path, table, message):
    with pytest.raises(DataError, match=message):
        read_points(write(tmp_path / "a.pcd.bin", table))


def test_damaged_files_give_points_or_a_good_error(tmp_path):
    assert survive(read_nuscenes_lidar, write(tmp_path / "a.pcd.bin", scan()), 200) > 60


def random_poses():
    rng = np.random.default_rng(1)
    poses = {}
    for name in NAMES:
        q = rng.normal(size=4)
        poses[name] = Pose(tuple(q / np.linalg.norm(q)), tuple(rng.normal(0, 500 if "ego" in name else 2, 3)))
    return poses


def hamilton(a, b):
    return np.array(
        [
            a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
            a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
            a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
            a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0],
        ]
    )


def turned(q, p):
    """q p q* of one point: the definition, without a matrix."""
    q = np.asarray(q)
    return hamilton(hamilton(q, np.array([0, *p])), q * [1, -1, -1, -1])[1:]


def test_the_chain_agrees_with_quaternion_products_point_by_point():
    poses, points = random_poses(), scan(20)[:, :3].astype("f8")
    out = lidar_to_camera(points, **poses)
    for p, camera in zip(points, out, strict=True):
        for name in ("lidar", "ego_at_lidar"):
            p = turned(poses[name].rotation_wxyz, p) + poses[name].translation_m
        for name in ("ego_at_camera", "camera"):
            inverse = np.asarray(poses[name].rotation_wxyz) * [1, -1, -1, -1]
            p = turned(inverse, p - poses[name].translation_m)
        assert np.allclose(p, camera, atol=1e-9)


def test_a_quarter_turn_about_z_takes_x_to_y():
    half = np.sqrt(0.5)
    assert np.allclose(rotation_matrix((half, 0, 0, half)) @ [1, 0, 0], [0, 1, 0])
    assert np.allclose(to_parent(np.array([[1.0, 0, 0]]), Pose((half, 0, 0, half), (5, 6, 7))), [[5, 7, 7]])


def test_to_child_undoes_to_parent():
    points = scan()[:, :3].astype("f8")
    for pose in random_poses().values():
        assert np.allclose(to_child(to_parent(points, pose), pose), points, atol=1e-9)


def test_a_car_that_stood_still_needs_no_global_frame():
    poses, points = random_poses(), scan()[:, :3].astype("f8")
    poses["ego_at_camera"] = poses["ego_at_lidar"]
    direct = to_child(to_parent(points, poses["lidar"]), poses["camera"])
    assert np.allclose(lidar_to_camera(points, **poses), direct, atol=1e-9)


def test_pixels_are_in_front_of_the_camera_and_inside_the_image():
    intrinsic = np.array([[1000.0, 0, 800], [0, 1000, 450], [0, 0, 1]])
    points = np.array([[0.0, 0, 10], [1, -2, 10], [0, 0, -10], [0, 0, 0.5], [9, 0, 10], [0, 0, 1.0], [-8, 0, 10]])
    uv = camera_to_pixels(points, intrinsic, (900, 1600))
    assert uv[0].tolist() == [800, 450]
    assert np.allclose(uv[1], [900, 250])
    assert np.isnan(uv[2:6]).all()
    assert uv[6].tolist() == [0, 450]
    assert camera_to_pixels(points, intrinsic, (900, 1600), nearest_m=-99)[3].tolist() == [800, 450]
    assert np.isnan(camera_to_pixels(points, intrinsic, (900, 1600), nearest_m=-99)[2]).all()


def test_a_rotation_that_is_none_is_refused():
    for bad in ((1, 1, 0, 0), (1, 0, 0), (np.nan, 0, 0, 0)):
        with pytest.raises(DataError, match="a unit quaternion"):
            rotation_matrix(bad)
