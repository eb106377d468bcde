"""A 2-D backbone over the slices of a volume, and attention that pools them: the cheap way to borrow 2-D weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from xmodal.adapter import Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError
from xmodal.modalities.maps import SmallConv
from xmodal.modalities.volume.base import FRAME, VolumeAdapter

_AXES = {"axial": 2, "coronal": 3, "sagittal": 4}  # of [B, C, Z, Y, X]


class SliceEncoder(VolumeAdapter):
    """A timm backbone on every slice; a slice is a token, grid (slices,). Hidden layers are its maps, averaged.

    The pooled vector is the sum of the slices weighted by gated attention (Ilse, Tomczak, Welling: Attention-based
    Deep Multiple Instance Learning, ICML 2018, https://arxiv.org/abs/1802.04712).

    Args:
        backbone: any timm name with features ("resnet18", "convnext_atto"); None for small convolutions, whose norms
            look at one slice alone.
        key: the entry to read.
        channels: of the volume; pretrained first layers are adapted to them by timm.
        plane: "axial" (slices along z), "coronal" (y) or "sagittal" (x).
        every: take each n-th slice.
        widths: of the small convolutions, each of which halves the sides.
        pretrained: fetch the weights that timm names for the backbone (needs a network, once).
    """

    initial = ("pretrained",)

    def __init__(
        self,
        backbone: str | None = "resnet18",
        *,
        key: str = "volume",
        channels: int = 1,
        plane: Literal["axial", "coronal", "sagittal"] = "axial",
        every: int = 1,
        widths: Sequence[int] = (16, 32, 64),
        pretrained: bool = False,
    ) -> None:
        super().__init__(key, channels)
        if plane not in _AXES:
            raise ConfigError(f"plane: expected one of {sorted(_AXES)}, found {plane!r}")
        if every < 1:
            raise ConfigError(f"every: expected at least 1, found {every}")
        self.plane, self.every = plane, every
        if backbone is None:
            self.backbone: Any = SmallConv(channels, widths)
            self.layer_widths = self.backbone.widths
        else:
            self.backbone = _create(backbone, channels, pretrained)
            self.layer_widths = tuple(self.backbone.feature_info.channels())
        self.width = self.token_width = self.layer_widths[-1]
        self.pool = SlicePool(self.width)

    def forward(self, batch: Batch, need: Need) -> Embedding:
        volume = self.volume(batch)
        axis = _AXES[self.plane]
        number = torch.arange(self.every // 2, volume.shape[axis], self.every, device=volume.device)
        if not len(number):  # fewer slices than `every`: the middle one
            number = number.new_tensor([volume.shape[axis] // 2])
        slices = volume.index_select(axis, number).movedim(axis, 1)  # [B, S, C, H, W]
        maps = self.backbone(slices.flatten(0, 1))
        where = _where(volume, axis, number)
        states = [m.mean((2, 3)).unflatten(0, slices.shape[:2]) for m in maps]  # [B, S, D]
        grid = (len(number),)
        layers = [Tokens(x, where=where, frame=FRAME, grid=grid, key=self.key) for x in states]
        return Embedding(
            pooled=self.pool(states[-1]) if need.pooled else None,
            tokens=layers[-1] if need.tokens else None,
            layers=tuple(layers) if need.layers else (),
        )


class SlicePool(nn.Module):
    """[B, S, D] -> [B, D]: weights softmax over S of w . (tanh(V x) * sigmoid(U x))."""

    def __init__(self, width: int, hidden: int = 128) -> None:
        super().__init__()
        self.value, self.gate = nn.Linear(width, hidden), nn.Linear(width, hidden)
        self.score = nn.Linear(hidden, 1)

    def weights(self, x: Tensor) -> Tensor:
        """[B, S]: the share of each slice, in float32."""
        score: Tensor = self.score(torch.tanh(self.value(x)) * torch.sigmoid(self.gate(x)))
        return score.squeeze(-1).float().softmax(-1)

    def forward(self, x: Tensor) -> Tensor:
        return (self.weights(x).unsqueeze(-1) * x.float()).sum(1)


def _where(volume: Tensor, axis: int, number: Tensor) -> Tensor:
    """[B, S, 3]: the middle (x, y, z) of each slice, in voxels."""
    middle = [(side - 1) / 2 for side in reversed(volume.shape[2:])]
    where = torch.tensor(middle, device=volume.device).repeat(len(number), 1)
    where[:, 4 - axis] = number.to(where)
    return where.expand(len(volume), -1, -1)


def _create(backbone: str, channels: int, pretrained: bool) -> Any:
    import timm  # costs seconds to import, so only where a model is built

    try:
        return timm.create_model(backbone, pretrained=pretrained, features_only=True, in_chans=channels)
    except (OSError, ConnectionError) as error:
        raise ConfigError(f"weights of {backbone!r} could not be fetched ({error}); give pretrained=False") from error
    except RuntimeError as error:
        raise ConfigError(f"backbone {backbone!r} cannot be built by timm: {error}") from error
