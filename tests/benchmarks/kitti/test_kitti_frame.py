"""A frame as a Sample, and what is said when files are missing or broken."""

from pathlib import Path

import numpy as np
import pytest
import torch

from xmodal.benchmarks.kitti import KittiObject, read_frame
from xmodal.data.batch import collate
from xmodal.data.sample import Rows
from xmodal.errors import DataError


def test_a_frame_holds_image_cloud_link_and_labels(kitti: Path) -> None:
    sample = KittiObject(kitti).sample(0)
    image, lidar = sample.entries["image"], sample.entries["lidar"]
    assert isinstance(image, torch.Tensor)
    assert isinstance(lidar, Rows)
    assert sample.key == "training/000007"
    assert (image.dtype, tuple(image.shape)) == (torch.uint8, (3, 20, 60))
    assert tuple(lidar.values.shape) == (5, 4)
    uv = sample.links[("lidar", "image")].values
    # u = 30 + (20 x + 4) / z with x right and z ahead; v = 10
    assert torch.allclose(uv[:3], torch.tensor([[30.4, 10], [30.2, 10], [54.4, 10]]))
    assert uv[3:].isnan().all()
    labels = sample.labels["objects"]
    assert labels["lidar"].values.tolist() == [1, 0, -1, -1, -1]  # type: ignore[index,call-overload,union-attr]
    assert labels["image"][10, [0, 25, 55]].tolist() == [0, 1, -1]  # type: ignore[index,call-overload]


def test_frames_of_the_testing_split_have_no_labels(kitti: Path) -> None:
    sample = KittiObject(kitti, "testing").sample(0)
    assert not sample.labels
    assert "boxes" not in sample.meta


def test_frames_collate(kitti: Path) -> None:
    batch = collate([read_frame(kitti, "000007"), read_frame(kitti, "000007", "testing")])
    assert batch.labelled["objects"].tolist() == [True, False]


def test_frames_are_listed_in_order(kitti: Path) -> None:
    for name in ("000010", "000002"):
        (kitti / "training" / "image_2" / f"{name}.png").touch()
    frames = KittiObject(kitti)
    assert frames.frame_ids == ("000002", "000007", "000010")
    assert len(frames) == 3
    for number in (3, -1):
        with pytest.raises(IndexError, match=f"frame {number} of 3"):
            frames.sample(number)


def test_a_missing_or_empty_folder_says_where_to_get_the_data(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"image_2: expected the layout .*velodyne/\*\.bin.*cvlibs\.net.*no such folder"
    ):
        KittiObject(tmp_path / "nothing")
    (tmp_path / "training" / "image_2").mkdir(parents=True)
    with pytest.raises(DataError, match=r"image_2: expected images .*cvlibs\.net.*found none"):
        KittiObject(tmp_path)
    with pytest.raises(DataError, match="'training' or 'testing', found 'val'"):
        KittiObject(tmp_path, "val")


@pytest.mark.parametrize("part", ["image_2", "velodyne", "calib", "label_2"])
def test_a_missing_file_is_named_with_the_layout(kitti: Path, part: str) -> None:
    next((kitti / "training" / part).iterdir()).unlink()
    with pytest.raises(DataError, match=rf"{part}.000007\.\w+: expected the layout .*cvlibs\.net.*found no such file"):
        read_frame(kitti, "000007")


def test_broken_clouds_are_refused(kitti: Path) -> None:
    path = kitti / "training" / "velodyne" / "000007.bin"
    whole = path.read_bytes()
    nan = np.frombuffer(whole, "<f4").copy()
    nan[5] = np.nan
    for data, found in ((whole[:-3], "77 bytes"), (b"", "0 bytes"), (nan.tobytes(), "1 bad points")):
        path.write_bytes(data)
        with pytest.raises(DataError, match=rf"000007\.bin: .*found {found}"):
            read_frame(kitti, "000007")


def test_broken_texts_and_images_are_refused(kitti: Path) -> None:
    folder = kitti / "training"
    label, calib, image = (folder / name for name in ("label_2/000007.txt", "calib/000007.txt", "image_2/000007.png"))
    boxes, matrices = label.read_text(), calib.read_text()
    label.write_text(boxes.replace("Car", "Bus"))
    with pytest.raises(DataError, match=r"label_2.000007\.txt, line 1, field type: .*'Bus'"):
        read_frame(kitti, "000007")
    label.write_text(boxes)
    calib.write_text(matrices.replace("P2", "P9"))
    with pytest.raises(DataError, match=r"calib.000007\.txt, field P2"):
        read_frame(kitti, "000007")
    calib.write_text(matrices)
    image.write_bytes(image.read_bytes()[:60])
    with pytest.raises(DataError, match=r"image_2.000007\.png: expected a complete PNG"):
        read_frame(kitti, "000007")
