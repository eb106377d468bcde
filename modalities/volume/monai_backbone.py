"""MONAI's 3-D networks as functions from a volume to its feature maps, by calling their sub-modules in order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from xmodal.errors import DataError, XmodalError, unknown

NAMES = ("densenet121", "resnet10", "resnet18", "resnet34", "resnet50", "swin_unetr")
SMALLEST = 32
"""The deepest maps have one cell for 16 (ResNet) or 32 voxels; below this side nothing is left to normalise."""


class Backbone(nn.Module):
    """A network, its stages, and the widths of their maps.

    Attributes:
        net: holds the parameters under MONAI's own names.
        widths: D of each map that `forward` returns.
    """

    def __init__(self, net: nn.Module, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.net, self.widths = net, widths

    def forward(self, x: Tensor) -> list[Tensor]:
        """[B, C, Z, Y, X] -> maps [B, D, Z', Y', X'] in depth order."""
        raise NotImplementedError


class ResNetBackbone(Backbone):
    """The four stages of a ResNet (He et al. 2016) with 3-D kernels."""

    def forward(self, x: Tensor) -> list[Tensor]:
        net: Any = self.net
        x = net.maxpool(net.act(net.bn1(net.conv1(x))))
        maps = []
        for stage in (net.layer1, net.layer2, net.layer3, net.layer4):
            x = stage(x)
            maps.append(x)
        return maps


class DenseNetBackbone(Backbone):
    """The four dense blocks of a DenseNet (Huang et al. 2017); the last map is normalised and rectified."""

    def forward(self, x: Tensor) -> list[Tensor]:
        features: Any = self.net
        maps = []
        for name, layer in features.named_children():
            x = layer(x)
            if name.startswith("denseblock"):
                maps.append(x)
        maps[-1] = torch.relu(x)
        return maps


class SwinBackbone(Backbone):
    """The encoder of Swin UNETR (Hatamizadeh et al. 2022): patches, then four stages of shifted windows."""

    def forward(self, x: Tensor) -> list[Tensor]:
        maps: list[Tensor] = self.net(x.contiguous())
        return maps


def build_backbone(name: str, channels: int, weights: str | None) -> Backbone:
    """A network by name, with random weights or those of a .safetensors file under MONAI's parameter names."""
    if name not in NAMES:
        raise unknown("MONAI backbone", name, NAMES)
    try:
        from monai.networks import nets
        from monai.networks.nets.densenet import DenseNet121
        from monai.networks.nets.swin_unetr import SwinTransformer
    except ImportError as error:
        message = "MonaiVolume needs MONAI: pip install 'xmodal[medical]', or take VolumeConv, which needs nothing"
        raise XmodalError(message) from error
    backbone: Backbone
    if name == "densenet121":
        features = DenseNet121(spatial_dims=3, in_channels=channels, out_channels=1).features
        backbone = DenseNetBackbone(features, (256, 512, 1024, 1024))
    elif name == "swin_unetr":
        swin = SwinTransformer(
            in_chans=channels, embed_dim=24, window_size=(7, 7, 7), patch_size=(2, 2, 2), depths=(2, 2, 2, 2),
            num_heads=(3, 6, 12, 24), spatial_dims=3,
        )  # fmt: skip
        backbone = SwinBackbone(swin, (24, 48, 96, 192, 384))
    else:
        make = getattr(nets, name)
        net = make(spatial_dims=3, n_input_channels=channels, num_classes=1, feed_forward=False)
        expansion = 4 if name == "resnet50" else 1
        backbone = ResNetBackbone(net, tuple(width * expansion for width in (64, 128, 256, 512)))
    if weights is not None:
        load_weights(backbone.net, weights)
    return backbone


def load_weights(net: nn.Module, weights: str) -> None:
    """Fill a network from a .safetensors file; a DataError unless names and shapes fit exactly."""
    if Path(weights).suffix != ".safetensors" or not Path(weights).is_file():
        raise DataError(f"weights {weights}", expected="an existing .safetensors file", found="none")
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        state = load_file(weights)
    except SafetensorError as error:
        raise DataError(f"weights {weights}", expected="a readable .safetensors file", found="damage") from error
    own = {name: list(p.shape) for name, p in net.state_dict().items()}
    given = {name: list(p.shape) for name, p in state.items()}
    if own != given:
        differ = sorted(name for name in own.keys() | given.keys() if own.get(name) != given.get(name))
        found = f"{len(differ)} that differ, first {differ[0]!r}"
        raise DataError(f"weights {weights}", expected="the parameters of this network", found=found)
    net.load_state_dict(state)
