"""Both towers of one CLIP model as an adapter with two parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding
from xmodal.data.batch import Batch
from xmodal.data.sample import Sample
from xmodal.modalities.text.base import encode_texts, padded_ids
from xmodal.modalities.text.clip_model import build_clip, clip_config
from xmodal.modalities.text.clip_text import text_tower
from xmodal.modalities.text.clip_towers import ImageTower
from xmodal.modalities.text.either import example_pairs, picture_of_either, read_either
from xmodal.modalities.text.tokenizers import ClipTokenizer


class OpenClip(Adapter):
    """A CLIP model: `parts["image"]` and `parts["text"]`, each with its projected embedding, tokens and layers.

    Pooled vector, tokens and layers of the whole are those of the image. `outputs["logit_scale"]` [B] is the factor of
    the cosines, the same for every sample.

    Args:
        model: a name that open_clip knows, or a config {"embed_dim", "vision_cfg", "text_cfg"}.
        image_key, text_key: the entries to read.
        pretrained: a tag that open_clip lists for that name (needs a network, once).
        weights: a .safetensors file of the whole model instead; random weights if neither is given.
        mean, std: of the images by channel; None takes those of the `pretrained` weights, else CLIP's.
    """

    modality = "image"
    initial = ("pretrained", "weights")

    def __init__(
        self,
        model: str | Mapping[str, Any] = "ViT-B-32",
        *,
        image_key: str = "image",
        text_key: str = "text",
        pretrained: str | None = None,
        weights: str | None = None,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        self.image_key, self.text_key, self.inputs = image_key, text_key, (image_key, text_key)
        built, config = build_clip(model, pretrained, weights), clip_config(model)
        self.image = ImageTower(built.visual, int(config["embed_dim"]), image_key, mean, std)
        self.tokenizer = ClipTokenizer()
        self.text = text_tower(built, config, text_key, self.tokenizer)
        self.logit_scale: nn.Parameter = built.logit_scale
        self.width, self.token_width = self.image.width, self.image.token_width
        self.layer_widths = self.image.layer_widths

    def forward(self, batch: Batch, need: Need) -> Embedding:
        image: Embedding = self.image(batch.tensor(self.image_key), need)
        text = self._of_text(batch, need)
        return Embedding(
            pooled=image.pooled,
            tokens=image.tokens,
            layers=image.layers,
            outputs={"logit_scale": self.logit_scale.exp().reshape(()).expand(len(batch))},
            parts={"image": image, "text": text},
        )

    def encode_texts(self, texts: Sequence[str], batch_size: int = 256) -> Tensor:
        """The text embeddings [n, D] of some strings, in eval mode without gradient: what class prompts are made of."""
        return encode_texts(self, lambda b: self._of_text(b, Need(pooled=True)), texts, self.text_key, batch_size)

    def _of_text(self, batch: Batch, need: Need) -> Embedding:
        out: Embedding = self.text(padded_ids(batch, self.text_key, self.tokenizer, self.text.context), need)
        return out

    @staticmethod
    def read(path: Path) -> Any:
        """An image (.png, .jpg) or a text (.txt), by its suffix."""
        return read_either(path)

    @staticmethod
    def example(batch_size: int) -> Batch:
        return example_pairs(batch_size, 224)

    @staticmethod
    def picture(sample: Sample, key: str) -> Any:
        """The image or the text, whichever the entry is."""
        return picture_of_either(sample, key)
