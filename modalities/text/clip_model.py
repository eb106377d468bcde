"""Builds a CLIP model of open_clip by name or by a config of one's own, with random or stored weights."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from xmodal.errors import ConfigError, DataError, unknown
from xmodal.modalities.text.tokenizers import import_open_clip

Config = Mapping[str, Any]


def clip_config(model: str | Config) -> dict[str, Any]:
    """The config of a model that open_clip names, or the given one: {"embed_dim", "vision_cfg", "text_cfg", ...}.

    Raises:
        ConfigError: an unknown name; a field that is missing; a model with parts that open_clip does not build itself.
    """
    if isinstance(model, str):
        clip = import_open_clip()
        known = clip.get_model_config(model)
        if known is None:
            raise unknown("CLIP model", model, clip.list_models())
        config = dict(known)
    else:
        config = copy.deepcopy(dict(model))
    for name in ("embed_dim", "vision_cfg", "text_cfg"):
        if name not in config:
            raise ConfigError(f"CLIP config: expected the field {name!r}, found {sorted(config)}")
    if "multimodal_cfg" in config or config["text_cfg"].get("embed_cls"):
        raise ConfigError(f"CLIP model {_name(model)}: captioning models (CoCa) are not supported")
    if config["text_cfg"].get("hf_model_name"):
        raise ConfigError(f"CLIP model {_name(model)}: its text tower comes from another package (transformers)")
    config.pop("custom_text", None)
    return config


def build_clip(model: str | Config, pretrained: str | None = None, weights: str | None = None) -> Any:
    """The model with its towers `visual` and `text`; random weights unless told otherwise.

    Args:
        model: a name that open_clip knows ("ViT-B-32"), or a config.
        pretrained: a tag that open_clip lists for that name (needs a network, once).
        weights: a .safetensors file of the whole model, in either of open_clip's two layouts.
    """
    config, clip = clip_config(model), import_open_clip()
    if pretrained is not None and weights is not None:
        raise ConfigError("give `pretrained` or `weights`, not both")
    if pretrained is not None:
        return _pretrained(clip, model, pretrained)
    try:
        built = clip.CustomTextCLIP(**config)
    except (TypeError, AssertionError, KeyError, RuntimeError) as error:
        raise ConfigError(f"CLIP model {_name(model)}: open_clip refuses its config ({error})") from error
    if weights is not None:
        load_weights(built, weights)
    return built


def _pretrained(clip: Any, model: str | Config, tag: str) -> Any:
    if not isinstance(model, str):
        raise ConfigError("`pretrained` names weights of a named model; a config of your own takes `weights`")
    tags = clip.list_pretrained_tags_by_model(model)
    if tag not in tags:
        raise unknown(f"weights of CLIP model {model!r}; tag", tag, tags)
    try:
        return clip.create_model(model, pretrained=tag, force_custom_text=True)
    except (OSError, RuntimeError) as error:
        raise ConfigError(f"weights {tag!r} of {model!r} could not be fetched ({error}); give weights=FILE") from error


def load_weights(built: Any, weights: str) -> None:
    """Load a .safetensors file of the whole model; a DataError names the first tensor that does not fit."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = Path(weights)
    if path.suffix != ".safetensors" or not path.is_file():
        raise DataError(f"weights {weights}", expected="an existing .safetensors file", found="none")
    try:
        stored: dict[str, Tensor] = load_file(path)
    except (SafetensorError, OSError) as error:
        found = f"{path.stat().st_size} bytes that are none"
        raise DataError(f"weights {weights}", expected="a complete .safetensors file", found=found) from error
    if "positional_embedding" in stored:  # the layout in which the text tower's tensors lie at the top
        stored = import_open_clip().model.convert_to_custom_text_state_dict(stored)
    own = built.state_dict()
    for name, tensor in own.items():
        if name not in stored:
            raise DataError(f"weights {weights}: tensor {name!r}", expected=str(list(tensor.shape)), found="no tensor")
        if stored[name].shape != tensor.shape:
            found = str(list(stored[name].shape))
            raise DataError(f"weights {weights}: tensor {name!r}", expected=str(list(tensor.shape)), found=found)
    strange = sorted(stored.keys() - own.keys())
    if strange:
        raise DataError(f"weights {weights}", expected="tensors of this model only", found=f"{strange[0]!r}")
    with torch.no_grad():
        built.load_state_dict(stored)


def _name(model: str | Config) -> str:
    return repr(model) if isinstance(model, str) else "of your config"
