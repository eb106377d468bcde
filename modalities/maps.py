"""Backbones that turn n-channel images into feature maps: small convolutions, or any timm model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from xmodal.bus import Tokens
from xmodal.errors import ConfigError


class SmallConv(nn.Module):
    """One stage a width; each halves the sides and adds one residual 3x3 convolution. For small images.

    Args:
        channels: of the input.
        widths: channels of each map.
    """

    def __init__(self, channels: int, widths: Sequence[int] = (32, 64, 128)) -> None:
        super().__init__()
        if not widths or min(widths) < 1:
            raise ConfigError(f"widths: expected one or more positive numbers, found {widths}")
        self.widths, self.strides = tuple(widths), tuple(2 ** (i + 1) for i in range(len(widths)))
        self.down = nn.ModuleList(_conv(a, b, stride=2) for a, b in pairwise((channels, *widths)))
        self.mix = nn.ModuleList(_conv(w, w, stride=1) for w in widths)

    def forward(self, x: Tensor) -> list[Tensor]:
        """[B, channels, H, W] -> the map [B, D, H', W'] of each stage."""
        maps = []
        for down, mix in zip(self.down, self.mix, strict=True):
            x = down(x)
            x = x + mix(x)
            maps.append(x)
        return maps


class TimmMaps(nn.Module):
    """The feature maps of a timm model, its first layer widened or narrowed to `channels`.

    Args:
        name: any model that timm offers with features.
        options: further arguments of `timm.create_model`.
    """

    def __init__(self, name: str, channels: int, options: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        import timm  # costs seconds to import, so only where a model is built

        try:
            model: Any = timm.create_model(name, features_only=True, in_chans=channels, **dict(options or {}))
        except RuntimeError as error:
            raise ConfigError(f"backbone {name!r} cannot be built: {error}; see timm.list_models()") from error
        self.widths: tuple[int, ...] = tuple(model.feature_info.channels())
        self.strides: tuple[int, ...] = tuple(model.feature_info.reduction())
        self.model = model

    def forward(self, x: Tensor) -> list[Tensor]:
        """[B, channels, H, W] -> the map [B, D, H', W'] of each level."""
        maps: list[Tensor] = self.model(x)
        return maps


def backbone_of(
    name: str | None, channels: int, widths: Sequence[int], options: Mapping[str, Any] | None
) -> SmallConv | TimmMaps:
    """A timm model where a name is given, else small convolutions of these widths."""
    return SmallConv(channels, widths) if name is None else TimmMaps(name, channels, options)


def level_of(strides: Sequence[int], wanted: int | None) -> int:
    """The deepest map of a stride, or the deepest of all for None."""
    levels = [i for i, stride in enumerate(strides) if wanted is None or stride == wanted]
    if not levels:
        raise ConfigError(f"token_stride: expected one of {list(strides)}, found {wanted}")
    return levels[-1]


def map_tokens(image: Tensor, size_px: tuple[int, int], *, frame: str, key: str, of: Tensor | None = None) -> Tokens:
    """The cells of a map [B, D, H', W'] as tokens; `where` is (u, v) in pixels of the input, which has `size_px`."""
    rows, columns = image.shape[-2:]
    v = (torch.arange(rows, device=image.device) + 0.5) * (size_px[0] / rows)
    u = (torch.arange(columns, device=image.device) + 0.5) * (size_px[1] / columns)
    where = torch.stack([u.expand(rows, -1), v.unsqueeze(1).expand(-1, columns)], dim=-1)  # [H', W', 2]
    places = where.reshape(1, -1, 2).expand(len(image), -1, -1)
    return Tokens(
        image.flatten(2).transpose(1, 2), where=places, frame=frame, grid=(int(rows), int(columns)), of=of, key=key
    )


def _conv(width_in: int, width_out: int, stride: int) -> nn.Module:
    # One group: the norm of a sample does not depend on its batch, and any width divides.
    conv = nn.Conv2d(width_in, width_out, 3, stride=stride, padding=1, bias=False)
    return nn.Sequential(conv, nn.GroupNorm(1, width_out), nn.ReLU())
