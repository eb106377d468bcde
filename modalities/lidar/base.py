"""What every LiDAR adapter shares: how clouds are read, checked and drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import torch

from xmodal.adapter import Adapter
from xmodal.data.batch import Batch, Ragged, collate
from xmodal.data.sample import Rows, Sample
from xmodal.errors import DataError
from xmodal.modalities.lidar.points import read_points

EXTENT_M = ((0.0, 60.0), (-20.0, 20.0), (-4.0, 2.0))
"""The street ahead of a car, in the LiDAR's frame (x forward, y left, z up)."""


class LidarAdapter(Adapter):
    """Base of the adapters that read clouds: Rows([P, F]) with x, y, z in metres first.

    Args:
        key: the entry to read, such as "lidar", "lidar/top" or "lidar@-1".
        features: F, the columns a point has (x, y, z, reflectance: 4).
    """

    modality: ClassVar[str] = "lidar"

    def __init__(self, key: str = "lidar", features: int = 4) -> None:
        super().__init__()
        self.key, self.features = key, features
        self.inputs = (key,)

    def cloud(self, batch: Batch) -> Ragged:
        """The batch's clouds: values [sum, F]; a DataError if they have another number of columns."""
        cloud = batch.ragged(self.key)
        if cloud.values.ndim != 2 or cloud.values.shape[1] != self.features:
            found = str(list(cloud.values.shape))
            expected = f"points [P, {self.features}] (the adapter's `features`)"
            raise DataError(f"entry {self.key!r}", expected=expected, found=f"{found} over the batch")
        return cloud

    @staticmethod
    def read(path: Path) -> Rows:
        return read_points(path)

    @staticmethod
    def example(batch_size: int) -> Batch:
        low, high = torch.tensor(EXTENT_M).unbind(1)
        clouds = []
        for _ in range(batch_size):
            points = torch.rand(int(torch.randint(50, 200, ())), 4)
            points[:, :3] = low + points[:, :3] * (high - low)
            clouds.append(points)
        return collate([Sample(f"example-{i}", {"lidar": Rows(points)}) for i, points in enumerate(clouds)])

    @staticmethod
    def picture(sample: Sample, key: str) -> Any:
        from xmodal.modalities.lidar.picture import picture

        return picture(sample, key)
