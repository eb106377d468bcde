"""The text tower of a CLIP model as an adapter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from xmodal.adapter import Need
from xmodal.bus import Embedding
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError
from xmodal.modalities.text.base import TextAdapter
from xmodal.modalities.text.clip_model import build_clip, clip_config
from xmodal.modalities.text.clip_towers import TextTower
from xmodal.modalities.text.tokenizers import ClipTokenizer, Tokenizer


class OpenClipText(TextAdapter):
    """The text tower of a CLIP model that open_clip names.

    The pooled vector is the projected embedding (not normalised); tokens are the states of the ids, start and end
    included, and `layers` the states after each block.

    Args:
        model: a name that open_clip knows, or a config {"embed_dim", "vision_cfg", "text_cfg"}.
        key: the entry to read.
        pretrained: a tag that open_clip lists for that name (needs a network, once).
        weights: a .safetensors file of the whole CLIP model instead; random weights if neither is given.
    """

    initial = ("pretrained", "weights")

    def __init__(
        self,
        model: str | Mapping[str, Any] = "ViT-B-32",
        *,
        key: str = "text",
        pretrained: str | None = None,
        weights: str | None = None,
    ) -> None:
        tokenizer = ClipTokenizer()
        tower = text_tower(build_clip(model, pretrained, weights), clip_config(model), key, tokenizer)
        super().__init__(key, tokenizer, tower.context)
        self.tower = tower
        self.width, self.token_width, self.layer_widths = tower.width, tower.token_width, tower.layer_widths

    def forward(self, batch: Batch, need: Need) -> Embedding:
        out: Embedding = self.tower(self.ids(batch), need)
        return out


def text_tower(built: nn.Module, config: Mapping[str, Any], key: str, tokenizer: Tokenizer) -> TextTower:
    """The text tower of a built model; a ConfigError if the tokenizer has more ids than it knows."""
    tower = TextTower(built.text, {**config["text_cfg"], "embed_dim": config["embed_dim"]}, key)
    if tower.vocabulary < tokenizer.size:
        raise ConfigError(f"text_cfg.vocab_size: expected at least {tokenizer.size}, found {tower.vocabulary}")
    return tower
