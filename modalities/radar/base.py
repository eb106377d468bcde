"""What both radar adapters share: how recordings are read and drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor

from xmodal.adapter import Adapter
from xmodal.data.sample import Rows, Sample
from xmodal.modalities.radar.read import read_radar


class RadarAdapter(Adapter):
    """Base of the adapters that read clouds, Rows([P, 9]), or cubes, [R, D, A] and [R, D, A, E].

    Args:
        key: the entry to read, such as "radar", "radar/front" or "radar@-1".
    """

    modality: ClassVar[str] = "radar"

    def __init__(self, key: str = "radar") -> None:
        super().__init__()
        self.key = key
        self.inputs = (key,)

    @staticmethod
    def read(path: Path) -> Rows | Tensor:
        return read_radar(path)

    @staticmethod
    def picture(sample: Sample, key: str) -> Any:
        if isinstance(sample.entries[key], Rows):
            from xmodal.modalities.radar.picture import picture

            return picture(sample, key)
        from xmodal.modalities.radar.cube_picture import cube_picture

        return cube_picture(sample, key)
