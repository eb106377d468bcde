"""Any timm backbone as a module that gives its maps, with errors in our words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from xmodal.errors import ConfigError, DataError


def timm_backbone(
    name: str,
    levels: tuple[int, ...] | None,
    pretrained: bool,
    weights: str | None,
    options: Mapping[str, Any],
    channels: int = 3,
) -> Any:
    """The backbone as a module [B, channels, H, W] -> list of maps.

    Args:
        levels: which maps to compute (`out_indices`); None for all.
        pretrained: fetch timm's weights. weights: a .safetensors file instead.
        options: further arguments of `timm.create_model`.
        channels: of the input; with 1, weights for colours are summed over them.

    Raises:
        ConfigError: an unknown name, refused options, or weights that cannot be fetched.
        DataError: no such file of weights.
    """
    import timm  # costs seconds to import, so only where a model is built

    if not isinstance(name, str):
        raise ConfigError(f"backbone: expected a name such as 'resnet18', found {name!r}")
    if weights is not None and (Path(weights).suffix != ".safetensors" or not Path(weights).is_file()):
        raise DataError(f"weights {weights}", expected="an existing .safetensors file", found="none")
    chosen = dict(options) | ({"out_indices": tuple(levels)} if levels is not None else {})
    if channels != 3:
        chosen["in_chans"] = channels
    try:
        return timm.create_model(
            name,
            pretrained=pretrained or weights is not None,
            pretrained_cfg_overlay={"file": str(weights)} if weights else None,
            features_only=True,
            **chosen,
        )
    except (OSError, ConnectionError) as error:
        raise ConfigError(f"weights of {name!r} could not be fetched ({error}); give weights=FILE") from error
    except RuntimeError as error:
        if "Unknown model" in str(error):
            raise ConfigError(f"timm knows no backbone {name!r}; see timm.list_models()") from error
        raise ConfigError(f"backbone {name!r}: {error}") from error


def map_above(backbone: Any, level: int, image: Tensor) -> Tensor:
    """The deepest map of a backbone [B, D', H', W'], from one [B, D, H, W] that stands for its map number `level`.

    Raises:
        ValueError: a backbone that is no chain of stages (timm's transformers).
    """
    levels = getattr(backbone, "return_layers", None)
    if not isinstance(backbone, nn.ModuleDict) or not levels:
        raise ValueError(f"a {type(backbone).__name__} of timm is no chain of stages, so it cannot be entered midway")
    names, stages = list(levels), list(backbone)
    for name in stages[stages.index(names[level]) + 1 :]:
        image = backbone[name](image)
    return image
