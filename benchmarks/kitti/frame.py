"""One frame of KITTI object as a Sample."""

from __future__ import annotations

from pathlib import Path

import torch

from xmodal.benchmarks.kitti.boxes import pixel_classes, point_classes
from xmodal.benchmarks.kitti.calib import read_calibration
from xmodal.benchmarks.kitti.labels import CLASSES, read_boxes
from xmodal.data.projection import project
from xmodal.data.sample import Label, Rows, Sample
from xmodal.errors import DataError
from xmodal.modalities.image.read import read_image
from xmodal.modalities.lidar.points import read_points

LAYOUT = "<root>/<split>/image_2/*.png, velodyne/*.bin, calib/*.txt and, for training, label_2/*.txt"
SOURCE = "get the data from the KITTI object benchmark, cvlibs.net"


def read_frame(root: Path, frame_id: str, split: str = "training") -> Sample:
    """Read the image, cloud, calibration and, where the split has labels, boxes of one frame.

    Args:
        root: the folder that holds `training` and `testing`.
        frame_id: six digits, such as "000001".

    Returns:
        entries image: uint8 [3, H, W], the left colour camera; lidar: Rows([P, 4]) x forward, y left, z up in
        metres, reflectance 0-1.
        links ("lidar", "image"): Rows([P, 2]) pixels by P2 * R0 * Tr; NaN behind the camera and outside the image.
        labels "objects": {"lidar": Rows([P]), "image": [H, W]} class indices into CLASSES, -1 for "ignore".
        meta: "boxes" and "classes".

    Raises:
        DataError: a file is missing or breaks its format.
    """
    files = _files(Path(root) / split, frame_id, labelled=split == "training")
    image, lidar = read_image(files["image_2"]), read_points(files["velodyne"])
    calibration = read_calibration(files["calib"])
    xyz_lidar_m = lidar.values[:, :3].double()
    size = (image.shape[1], image.shape[2])
    uv_px, _ = project(xyz_lidar_m, calibration.lidar_to_image(), size)
    # In float32 a point just inside the right or lower edge may round onto it.
    uv_px = torch.where((uv_px.float() < torch.tensor(size[::-1])).all(1, keepdim=True), uv_px, torch.nan).float()
    labels: dict[str, Label] = {}
    meta: dict[str, object] = {"classes": {"objects": CLASSES}}
    if "label_2" in files:
        boxes = read_boxes(files["label_2"])
        matrix = calibration.lidar_to_rectified()
        xyz_camera_m = xyz_lidar_m @ matrix[:, :3].T + matrix[:, 3]
        points = point_classes(xyz_camera_m, uv_px, boxes, size)
        labels["objects"] = {"lidar": Rows(points), "image": pixel_classes(boxes, size)}
        meta["boxes"] = boxes
    return Sample(
        key=f"{split}/{frame_id}",
        entries={"image": image, "lidar": lidar},
        links={("lidar", "image"): Rows(uv_px)},
        labels=labels,
        meta=meta,
    )


def _files(folder: Path, frame_id: str, *, labelled: bool) -> dict[str, Path]:
    suffixes = {"image_2": "png", "velodyne": "bin", "calib": "txt"} | ({"label_2": "txt"} if labelled else {})
    files = {part: folder / part / f"{frame_id}.{suffix}" for part, suffix in suffixes.items()}
    for path in files.values():
        if not path.is_file():
            raise DataError(path, expected=f"the layout {LAYOUT} ({SOURCE})", found="no such file")
    return files
