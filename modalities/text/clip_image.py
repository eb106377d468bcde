"""The image tower of a CLIP model as an adapter; it lives beside the text tower because both come from one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding
from xmodal.data.batch import Batch
from xmodal.data.sample import Sample
from xmodal.modalities.text.clip_model import build_clip, clip_config
from xmodal.modalities.text.clip_towers import ImageTower


class OpenClipImage(Adapter):
    """The image tower of a CLIP model that open_clip names, over images [B, 3, H, W] of the tower's own size.

    Images are uint8, or float in [0, 1]. The pooled vector is the projected embedding (not normalised); tokens are
    the cells of the last map, without the class token, and `layers` the maps after each block.

    Args:
        model: a name that open_clip knows, or a config {"embed_dim", "vision_cfg", "text_cfg"}.
        key: the entry to read.
        pretrained: a tag that open_clip lists for that name (needs a network, once).
        weights: a .safetensors file of the whole CLIP model instead; random weights if neither is given.
        mean, std: by channel; None takes those of the `pretrained` weights, else CLIP's.
    """

    modality = "image"
    initial = ("pretrained", "weights")

    def __init__(
        self,
        model: str | Mapping[str, Any] = "ViT-B-32",
        *,
        key: str = "image",
        pretrained: str | None = None,
        weights: str | None = None,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        self.key, self.inputs = key, (key,)
        built = build_clip(model, pretrained, weights)
        self.tower = ImageTower(built.visual, int(clip_config(model)["embed_dim"]), key, mean, std)
        self.width, self.token_width = self.tower.width, self.tower.token_width
        self.layer_widths = self.tower.layer_widths

    def forward(self, batch: Batch, need: Need) -> Embedding:
        out: Embedding = self.tower(batch.tensor(self.key), need)
        return out

    @staticmethod
    def read(path: Path) -> Tensor:
        """A .png or .jpg file as uint8 [3, H, W]."""
        from xmodal.modalities.image.read import read_image

        return read_image(path)

    @staticmethod
    def example(batch_size: int) -> Batch:
        """Images of 224 x 224 px, which most CLIP models take."""
        return Batch(
            keys=tuple(f"example{i}" for i in range(batch_size)),
            entries={"image": torch.randint(0, 256, (batch_size, 3, 224, 224), dtype=torch.uint8)},
            index=torch.arange(batch_size),
        )

    @staticmethod
    def picture(sample: Sample, key: str) -> Any:
        from xmodal.modalities.image.picture import picture

        return picture(sample, key)
