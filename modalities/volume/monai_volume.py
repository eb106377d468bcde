"""MONAI's 3-D backbones as volume adapters: tokens with a grid, a pooled vector, hidden layers."""

from __future__ import annotations

from xmodal.adapter import Need
from xmodal.bus import Embedding
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.volume.base import VolumeAdapter
from xmodal.modalities.volume.monai_backbone import SMALLEST, build_backbone


class MonaiVolume(VolumeAdapter):
    """A MONAI network over volumes [B, C, Z, Y, X]; tokens are the cells (Z', Y', X') of one of its maps.

    Args:
        name: "resnet10", "resnet18", "resnet34", "resnet50", "densenet121" or "swin_unetr" (its encoder).
        key: the entry to read.
        channels: of the volume.
        token_level: which map gives the tokens; -1 is the deepest.
        weights: a .safetensors file with the parameters of the network under MONAI's names; None for random ones.
    """

    initial = ("weights",)

    def __init__(
        self,
        name: str = "resnet10",
        *,
        key: str = "volume",
        channels: int = 1,
        token_level: int = -1,
        weights: str | None = None,
    ) -> None:
        super().__init__(key, channels)
        self.backbone = build_backbone(name, channels, weights)
        self.layer_widths = self.backbone.widths
        if not -len(self.layer_widths) <= token_level < len(self.layer_widths):
            raise ConfigError(f"token_level: expected a map of {len(self.layer_widths)}, found {token_level}")
        self.token_level, self.token_width = token_level, self.layer_widths[token_level]
        self.width = self.layer_widths[-1]

    def forward(self, batch: Batch, need: Need) -> Embedding:
        volume = self.volume(batch)
        if min(volume.shape[2:]) < SMALLEST:
            found = f"{list(volume.shape)}"
            raise DataError(f"entry {self.key!r}", expected=f"sides of at least {SMALLEST} voxels", found=found)
        return self.embedding(self.backbone(volume), volume, need, self.token_level)
