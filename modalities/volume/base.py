"""What every adapter of volumes shares: how files are read, entries checked, tokens placed, samples drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch
from xmodal.data.sample import Sample
from xmodal.errors import DataError

FRAME = "volume_vox"
"""The frame of `Tokens.where`: (x, y, z) in voxels of the entry, whole numbers at the centres of voxels."""


class VolumeAdapter(Adapter):
    """Base of the adapters that read volumes [B, C, Z, Y, X], x to the patient's right, y front, z up (RAS+).

    Args:
        key: the entry to read, such as "volume", "volume/pet" or "volume/mri".
        channels: C.
    """

    modality: ClassVar[str] = "volume"

    def __init__(self, key: str = "volume", channels: int = 1) -> None:
        super().__init__()
        self.key, self.channels = key, channels
        self.inputs = (key,)

    def volume(self, batch: Batch) -> Tensor:
        """The batch's volumes [B, C, Z, Y, X] as floats; a DataError if they are something else."""
        volume = batch.tensor(self.key)
        if volume.ndim != 5 or volume.shape[1] != self.channels or not volume.is_floating_point():
            found = f"{volume.dtype} {list(volume.shape)}"
            raise DataError(f"entry {self.key!r}", expected=f"float [B, {self.channels}, Z, Y, X]", found=found)
        return volume

    def embedding(self, maps: list[Tensor], volume: Tensor, need: Need, level: int = -1) -> Embedding:
        """What is needed of feature maps [B, D, Z', Y', X'] in depth order; tokens are those of `level`."""
        size = volume.shape[2:]
        return Embedding(
            pooled=maps[-1].mean((2, 3, 4)) if need.pooled else None,
            tokens=grid_tokens(maps[level], size, self.key) if need.tokens else None,
            layers=tuple(grid_tokens(m, size, self.key) for m in maps) if need.layers else (),
        )

    @staticmethod
    def read(path: Path) -> Tensor:
        """A .nii or .nii.gz file as float32 [1, Z, Y, X] in RAS+; `read_nifti` also gives its affine."""
        from xmodal.modalities.volume.nifti import read_nifti

        return read_nifti(path).data

    @staticmethod
    def example(batch_size: int) -> Batch:
        return Batch(
            keys=tuple(f"example{i}" for i in range(batch_size)),
            entries={"volume": torch.randn(batch_size, 1, 32, 32, 32)},
            index=torch.arange(batch_size),
        )

    @staticmethod
    def picture(sample: Sample, key: str) -> Any:
        """Three orthogonal slices through the middle."""
        from xmodal.modalities.volume.picture import picture

        return picture(sample, key)


def grid_tokens(features: Tensor, size: torch.Size, key: str) -> Tokens:
    """Tokens of a map [B, D, Z', Y', X'] over a volume of `size` (Z, Y, X): grid (Z', Y', X')."""
    grid = (int(features.shape[2]), int(features.shape[3]), int(features.shape[4]))
    z, y, x = (
        (torch.arange(cells, device=features.device) + 0.5) * (voxels / cells) - 0.5
        for cells, voxels in zip(grid, size, strict=True)
    )
    where = torch.stack(torch.meshgrid(z, y, x, indexing="ij")[::-1], -1).view(1, -1, 3)
    tokens = features.flatten(2).transpose(1, 2)  # [B, N, D]
    return Tokens(tokens, where=where.expand(len(features), -1, -1), frame=FRAME, grid=grid, key=key)
