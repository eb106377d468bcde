"""Augmentation of a street seen from above: all sensors, the label map and the boxes together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import pi

from torch import Tensor

from xmodal.data.sample import Label, Rows, Sample
from xmodal.data.transforms import Flip
from xmodal.modalities.lidar.transforms import FlipY as FlipLidar
from xmodal.modalities.radar.transforms import FlipY as FlipRadar


class MirrorStreet(Flip):
    """Mirror left and right with a probability: LiDAR, radar, and the labels of `task`. The grid must be symmetric.

    Links into an image, which is not mirrored, stay: they still say where in the image a point lies.

    Args:
        key: the entry without which a sample passes unchanged.
        task: whose labels are maps [rows, columns] by entry and "boxes" (`BOX_COLUMNS`).
    """

    def __init__(self, probability: float = 0.5, key: str = "radar", task: str = "bev") -> None:
        super().__init__(probability, key)
        self.task = task

    def flipped(self, sample: Sample) -> Sample:
        for key, mirror in (("lidar", FlipLidar(1.0)), ("radar", FlipRadar(1.0))):
            if key in sample.entries:
                sample = mirror.flipped(sample)
        found = sample.labels.get(self.task)
        if not isinstance(found, Mapping):
            return sample
        maps = {key: value.flip(-1) for key, value in found.items() if isinstance(value, Tensor)}
        turned: dict[str, Label] = {self.task: {**found, **maps}}
        boxes = found.get("boxes")
        if isinstance(boxes, Rows) and maps:
            columns = next(iter(maps.values())).shape[-1]
            turned[self.task] = {**found, **maps, "boxes": Rows(_mirrored(boxes.values, columns))}
        return replace(sample, labels={**sample.labels, **turned})


def _mirrored(boxes: Tensor, columns: int) -> Tensor:
    out = boxes.clone()
    out[:, 0] = columns - boxes[:, 0]
    out[:, 4] = pi - boxes[:, 4]
    return out
