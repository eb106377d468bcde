"""Run networks of braindecode part by part, so that tokens and hidden layers can be told without forward hooks."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from xmodal.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Level:
    """The features of one depth.

    Attributes:
        x: [B, rows * patches, D], time running fastest.
        rows: C for a token a channel, 1 where the channels are merged.
        centres: [patches] the middle of each patch, in samples.
    """

    x: Tensor
    rows: int
    centres: Tensor


@dataclass(frozen=True, slots=True)
class Stages:
    """What a network says: pooled [B, D], its last tokens, its hidden layers in depth order."""

    pooled: Tensor
    tokens: Level
    layers: tuple[Level, ...]


CONVOLUTIONS: Mapping[str, Mapping[str, int]] = {
    "Deep4Net": {"drop_2": 3, "drop_3": 9, "drop_4": 27, "pool_nonlin_4": 81},
    "EEGITNet": {"pooling": 4, "TC_block2": 4, "TC_block4": 4, "dim_reduction": 16},
    "EEGInceptionERP": {"avg_pool_1": 4, "avg_pool_2": 8, "final_block": 32},
    "EEGNet": {"drop_1": 4, "drop_2": 32},
    "ShallowFBCSPNet": {"drop": 15},
}
"""By name: the parts after which a layer is told, the last of them before the classifier, with their stride in samples
for the default options."""


def convolution_stages(net: Any, x: Tensor, strides: Mapping[str, int]) -> Stages:
    """A chain of parts over [B, C, T]; the last part named in `strides` gives the tokens, their mean is pooled."""
    levels, samples = [], x.shape[-1]
    for name, part in net.named_children():
        x = part(x)
        if name in strides:
            levels.append(_map_level(x, samples, strides[name]))
        if len(levels) == len(strides):
            break
    return Stages(levels[-1].x.mean(1), levels[-1], tuple(levels))


def _map_level(image: Tensor, samples: int, stride: int) -> Level:
    """[B, D, 1, P] or [B, D, P, 1]; patches lie about the middle of the window, as these networks are symmetric."""
    x = image.flatten(2).transpose(1, 2)
    count = x.shape[1]
    return Level(x, 1, samples / 2 + stride * (torch.arange(count) - (count - 1) / 2))


def cbramod_stages(net: Any, x: Tensor, names: Sequence[str]) -> Stages:
    channels, centres = x.shape[1], _centres(x.shape[-1], net._patch_size)
    x = net.patch_embedding(net.rearrange(x), None)  # [B, C, P, D]
    layers = []
    for block in net.encoder.layers:
        x = block(x, src_mask=None)
        layers.append(Level(x.flatten(1, 2), channels, centres))
    tokens = net.proj_out(x).flatten(1, 2)
    return Stages(tokens.mean(1), Level(tokens, channels, centres), tuple(layers))


def eegdino_stages(net: Any, x: Tensor, names: Sequence[str]) -> Stages:
    channels, centres = x.shape[1], _centres(x.shape[-1], net.patch_embedding.patch_size)
    x = net.patch_embedding(net.tokenizer(x)).flatten(1, 2)  # [B, C P, D]
    layers = []
    for depth, block in enumerate(net.encoder_layers, 1):
        x = block(x)
        if depth == net.global_token_layer:
            x = torch.cat([net.global_tokens.expand(len(x), -1, -1), x], dim=1)
        skip = net.n_global_tokens if depth >= net.global_token_layer else 0
        layers.append(Level(x[:, skip:], channels, centres))
    return Stages(layers[-1].x.mean(1), layers[-1], tuple(layers))


def labram_stages(net: Any, x: Tensor, names: Sequence[str]) -> Stages:
    channels, centres = x.shape[1], _centres(x.shape[-1], net.patch_size)
    x = net.patch_embed(x)  # [B, C P, D]
    batch, width = len(x), x.shape[-1]
    x = torch.cat([net.cls_token.expand(batch, -1, -1), x], dim=1)
    if net.position_embedding is not None:
        x = x + net._adj_position_embedding(net.position_embedding[:, labram_places(names)], batch_size=batch)
    time = net._adj_temporal_embedding(num_ch=channels, batch_size=batch, dim_embed=width)
    x = net.pos_drop(torch.cat([x[:, :1], x[:, 1:] + time], dim=1))
    layers = []
    for block in net.blocks:
        x = block(x)
        layers.append(Level(x[:, 1:], channels, centres))
    x = net.norm(x)
    if net.fc_norm is not None:
        x = net.fc_norm(x)
    return Stages(x[:, 0], Level(x[:, 1:], channels, centres), tuple(layers))


def labram_places(names: Sequence[str]) -> list[int]:
    """Rows of LaBraM's table of places, the first of which belongs to the class token."""
    table = importlib.import_module("braindecode.models.labram").LABRAM_CHANNEL_ORDER
    return [0, *(1 + place for place in _places("Labram", names, table))]


def eegpt_stages(net: Any, x: Tensor, names: Sequence[str]) -> Stages:
    """Tokens are those of the channels; pooled is the mean of the summary tokens, as the network's own head reads."""
    encoder, channels = net.target_encoder, x.shape[1]
    x = encoder.patch_embed(net.chan_proj(x))  # [B, P, C, D]
    batch, patches, _, width = x.shape
    centres = net.patch_size / 2 + net.patch_stride * torch.arange(patches)
    x = (x + encoder.chan_embed(net.chans_id.long()).unsqueeze(0)).flatten(0, 1)
    x = torch.cat([x, encoder.summary_token.expand(len(x), -1, -1)], dim=1)  # [B P, C + summaries, D]

    def of_channels(state: Tensor) -> Level:
        own = state[:, :channels].reshape(batch, patches, channels, width).transpose(1, 2)
        return Level(own.flatten(1, 2), channels, centres)

    layers = []
    for block in encoder.blocks:
        x = block(x)
        layers.append(of_channels(x))
    x = encoder.norm(x)
    return Stages(x[:, channels:].reshape(batch, -1, width).mean(1), of_channels(x), tuple(layers))


def eegpt_check(names: Sequence[str]) -> None:
    """ConfigError for a name that EEGPT's table of channels does not hold."""
    _places("EEGPT", names, importlib.import_module("braindecode.models.eegpt").EEGPT_CHANNELS)


TRANSFORMERS: Mapping[str, Callable[[Any, Tensor, Sequence[str]], Stages]] = {
    "CBraMod": cbramod_stages,
    "EEGDINO": eegdino_stages,
    "EEGPT": eegpt_stages,
    "Labram": labram_stages,
}


def _places(network: str, names: Sequence[str], table: Sequence[str]) -> list[int]:
    places = {name.upper(): place for place, name in enumerate(table)}
    missing = [name for name in names if name not in places]
    if missing:
        raise ConfigError(f"{network} knows no channels {', '.join(missing)}; known: {', '.join(sorted(places))}")
    return [places[name] for name in names]


def _centres(samples: int, patch: int) -> Tensor:
    return (torch.arange(samples // patch) + 0.5) * patch
