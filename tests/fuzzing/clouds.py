"""Clouds of points and their labels: LiDAR and radar."""

from functools import partial

import numpy as np
import test_lidar_nuscenes
import test_lidar_pcd
import test_lidar_ply
import test_radar_nuscenes
import test_radar_read
from test_lidar_semantic_kitti import IDS

from fuzzing.case import Case, stored, under
from xmodal.modalities.lidar import read_pcd, read_ply, read_points
from xmodal.modalities.lidar.las import read_las
from xmodal.modalities.lidar.nuscenes import read_nuscenes_lidar
from xmodal.modalities.lidar.semantic_kitti import read_labels, read_scan
from xmodal.modalities.lidar.view_of_delft import read_vod_lidar
from xmodal.modalities.radar.cube import read_array, read_cube
from xmodal.modalities.radar.nuscenes import read_nuscenes_radar
from xmodal.modalities.radar.read import read_radar
from xmodal.modalities.radar.view_of_delft import read_vod_radar

_RANDOM = np.random.default_rng(0)
_FOUR = _RANDOM.uniform(0, 1, (60, 4)).astype("<f4")
_CUBE = _RANDOM.random((8, 4, 6, 2)).astype("<f4")


def _las(path, version="1.3", point_format=3):
    import laspy

    las = laspy.create(point_format=point_format, file_version=version)
    las.header.offsets, las.header.scales = np.array([5e5, 4e6, 0.0]), np.full(3, 0.001)
    las.x, las.y, las.z = 5e5 + 20 * _FOUR[:, 0], 4e6 + 20 * _FOUR[:, 1], 30 * _FOUR[:, 2]
    las.intensity, las.classification = (1000 * _FOUR[:, 3]).astype("u2"), np.arange(60) % 8
    las.return_number, las.number_of_returns = np.ones(60, int), np.full(60, 2)
    las.write(str(path))


def _scan(folder):
    (folder / "a.bin").write_bytes(_RANDOM.random((len(IDS), 4)).astype("<f4").tobytes())
    (folder / "a.label").write_bytes(IDS.astype("<u4").tobytes())
    return folder / "a.label"


def _npy(name, values):
    return under(name, lambda path: np.save(path, values))


CASES = [
    Case("lidar.kitti.bin", stored("a.bin", _FOUR.tobytes()), read_points),
    Case("lidar.npy", _npy("a.npy", _FOUR.astype("f8")), read_points),
    *(
        Case(
            f"lidar.pcd.{kind}",
            under("a.pcd", lambda p, k=kind: test_lidar_pcd.write(p, test_lidar_pcd.points(), k)),
            r,
        )
        for kind, r in (("ascii", read_points), ("binary", read_points), ("binary_compressed", read_points))
    ),
    Case(
        "lidar.pcd.table", under("a.pcd", lambda p: test_lidar_pcd.write(p, test_lidar_pcd.points(), "ascii")), read_pcd
    ),
    *(
        Case(
            f"lidar.ply.{kind}",
            under("a.ply", lambda p, k=kind: test_lidar_ply.write(p, test_lidar_ply.vertices(), k)),
            r,
        )
        for kind, r in (("ascii", read_points), ("binary_little_endian", read_points), ("binary_big_endian", read_ply))
    ),
    Case(
        "lidar.nuscenes.pcd.bin",
        under("a.pcd.bin", lambda p: test_lidar_nuscenes.write(p, test_lidar_nuscenes.scan())),
        read_nuscenes_lidar,
    ),
    Case(
        "lidar.nuscenes.points",
        under("a.pcd.bin", lambda p: test_lidar_nuscenes.write(p, test_lidar_nuscenes.scan())),
        read_points,
    ),
    Case("lidar.semantic_kitti.label", _scan, lambda p: read_scan(p.with_suffix(".bin"), p)),
    Case("lidar.semantic_kitti.ids", _scan, partial(read_labels, count=len(IDS))),
    Case("lidar.view_of_delft.bin", stored("a.bin", (255 * _FOUR).tobytes()), read_vod_lidar),
    Case("lidar.las-1.3", under("a.las", _las), read_las),
    Case("lidar.las-1.4", under("a.las", partial(_las, version="1.4", point_format=6)), read_las),
    Case("lidar.laz-1.3", under("a.laz", _las), read_las),
    Case("lidar.laz-1.4", under("a.laz", partial(_las, version="1.4", point_format=6)), read_las),
    Case(
        "radar.nuscenes.pcd",
        under("a.pcd", lambda p: test_radar_nuscenes.write(p, test_radar_nuscenes.scan())),
        read_radar,
    ),
    Case(
        "radar.nuscenes.fields",
        under("a.pcd", lambda p: test_radar_nuscenes.write(p, test_radar_nuscenes.scan())),
        read_nuscenes_radar,
    ),
    Case("radar.view_of_delft.bin", stored("a.bin", test_radar_read.delft().tobytes()), read_radar),
    Case("radar.view_of_delft.table", stored("a.bin", test_radar_read.delft().tobytes()), read_vod_radar),
    Case("radar.cube.npy", _npy("a.npy", _CUBE), read_radar),
    Case("radar.cube.complex.npy", _npy("a.npy", _CUBE.astype("<c8")), read_cube),
    Case("radar.cloud.npy", _npy("a.npy", _RANDOM.normal(size=(30, 9))), read_array),
]
"""Every format of a cloud."""
