"""Poses of sensors, from their files to merged sweeps in a stranger's folder."""

import numpy as np
import pytest
import torch

from xmodal.data.paired_folder import PairedFolder
from xmodal.data.pose import read_pose
from xmodal.errors import DataError
from xmodal.modalities.lidar.sweeps import MergeSweeps


def test_twelve_and_sixteen_numbers_are_the_same_pose(tmp_path):
    short, whole = tmp_path / "short.txt", tmp_path / "whole.txt"
    short.write_text("0 -1 0 5 1 0 0 6 0 0 1 7\n")
    whole.write_text("0,-1,0,5\n1,0,0,6\n0,0,1,7\n0,0,0,1\n")
    assert torch.equal(read_pose(short), read_pose(whole))
    assert read_pose(short)[:3, 3].tolist() == [5, 6, 7]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 2 3", "expected 12 or 16 numbers, found 3"),
        ("1 0 0 0 0 1 0 0 0 0 one 0", "expected numbers, found 'one'"),
        ("1 0 0 nan 0 1 0 0 0 0 1 0", "expected finite numbers"),
        ("2 0 0 0 0 1 0 0 0 0 1 0", "expected a rotation, found one that is off by 3"),
        ("-1 0 0 0 0 1 0 0 0 0 1 0", "expected a rotation"),
        ("1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 2", "last row: expected 0 0 0 1"),
        ("1 " * 9000, "at most 10000 bytes"),
    ],
)
def test_what_is_no_pose_is_refused(tmp_path, text, said):
    path = tmp_path / "pose.txt"
    path.write_text(text)
    with pytest.raises(DataError, match=said):
        read_pose(path)


def test_a_folder_with_earlier_sweeps_and_poses_gives_one_cloud(tmp_path):
    cloud = np.array([[10, 0, 0, 1], [12, 1, 0, 1]], dtype="<f4")
    cloud.tofile(tmp_path / "now.bin")
    (cloud + np.array([5, 0, 0, 0], dtype="<f4")).tofile(tmp_path / "before.bin")  # the car has gone 5 m since
    (tmp_path / "now.txt").write_text("1 0 0 5 0 1 0 0 0 0 1 0")
    (tmp_path / "before.txt").write_text("1 0 0 0 0 1 0 0 0 0 1 0")
    lines = ["key,lidar,lidar@-1,pose:lidar,pose:lidar@-1,label,split"]
    lines += [f"a{i},now.bin,before.bin,now.txt,before.txt,{'xy'[i % 2]},train" for i in range(2)]
    lines += ["t,now.bin,before.bin,now.txt,before.txt,x,test"]
    (tmp_path / "manifest.csv").write_text("\n".join(lines))
    folder = PairedFolder(str(tmp_path), transforms=[MergeSweeps(1)])
    (split,) = folder.splits(0)
    points = split.train[0].entries["lidar"].values
    assert points[:, 4].tolist() == [0, 0, -1, -1]
    assert torch.equal(points[:2, :3], points[2:, :3])


@pytest.mark.parametrize("name", ["lidar@1", "lidar@0", "lidar@x"])
def test_a_column_of_no_earlier_moment_is_named(tmp_path, name):
    (tmp_path / "manifest.csv").write_text(f"key,lidar,{name},label,split\na,a.bin,b.bin,x,train\n")
    with pytest.raises(DataError, match=f"{name}.*number"):
        PairedFolder(str(tmp_path))


def test_a_pose_column_of_no_entry_is_named(tmp_path):
    (tmp_path / "manifest.csv").write_text("key,lidar,pose:radar,label,split\na,a.bin,a.txt,x,train\n")
    with pytest.raises(DataError, match="column 'pose:radar': expected pose: and one of the columns lidar"):
        PairedFolder(str(tmp_path))
