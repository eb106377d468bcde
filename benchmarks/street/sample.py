"""A scene as a Sample: its recordings as entries, what links them, the truth as labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from xmodal.benchmarks.street.scene import RADAR, THERMAL, Scene
from xmodal.benchmarks.street.spec import CLASSES, PATCH_PX
from xmodal.data.sample import Rows, Sample

SENSORS = ("image", "lidar", RADAR, THERMAL)


def to_sample(
    scene: Scene, number: int, sensors: Sequence[str] = ("image", "lidar"), *, scored: bool = False
) -> Sample:
    """The recordings of `sensors` with links into the image, and labels for each of them.

    Args:
        scored: keeps labels of pixels only in patches that the noise-free LiDAR scan reaches.
    """
    pixel_class = torch.from_numpy(scene.pixel_class.astype(np.int64))
    depth = torch.from_numpy(scene.depth_m.astype(np.float32))
    depth = torch.where(depth.isfinite(), depth, float("nan"))
    if scored:
        seen = torch.from_numpy(scene.clean_seen)
        seen = seen.repeat_interleave(PATCH_PX, 0).repeat_interleave(PATCH_PX, 1)
        pixel_class, depth = torch.where(seen, pixel_class, -1), torch.where(seen, depth, float("nan"))
    entries: dict[str, Tensor | Rows] = {"image": torch.from_numpy(scene.image)}
    links: dict[tuple[str, str], Rows] = {}
    classes: dict[str, Tensor | Rows] = {"image": pixel_class}
    metres: dict[str, Tensor | Rows] = {"image": depth}
    if "lidar" in sensors:
        points = torch.from_numpy(scene.points)
        entries["lidar"] = Rows(points)
        links["lidar", "image"] = Rows(torch.from_numpy(scene.uv_px))
        classes["lidar"] = Rows(torch.from_numpy(scene.point_class.astype(np.int64)))
        metres["lidar"] = Rows(points[:, 0].clone())
    if RADAR in sensors:
        found = scene.radar
        assert found is not None, "the scene was made without radar"
        entries[RADAR] = Rows(torch.from_numpy(found.points))
        links[RADAR, "image"] = Rows(torch.from_numpy(found.uv_px))
        classes[RADAR] = Rows(torch.from_numpy(found.point_class.astype(np.int64)))
        metres[RADAR] = Rows(torch.from_numpy(found.depth_m))
    if THERMAL in sensors:
        assert scene.thermal_c is not None, "the scene was made without thermal camera"
        # One lens for both cameras: the links and labels of a pixel hold in either.
        entries[THERMAL] = torch.from_numpy(scene.thermal_c)
        links |= {(key, THERMAL): Rows(uv.values.clone()) for (key, _), uv in links.items()}
        classes[THERMAL], metres[THERMAL] = pixel_class.clone(), depth.clone()
    return Sample(
        key=f"street{number:07d}",
        entries=entries,
        links=links,
        labels={"segmentation": classes, "depth": metres},
        meta={"condition": scene.condition, "classes": {"segmentation": CLASSES}},
    )
