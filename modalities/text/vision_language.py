"""An image adapter, a projector and a causal language model: the model that a visual switch runs through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding
from xmodal.data.batch import Batch
from xmodal.data.sample import Sample
from xmodal.errors import ConfigError
from xmodal.modalities.text.causal_lm import CausalLM
from xmodal.modalities.text.either import example_pairs, picture_of_either, read_either


class VisionLanguage(Adapter):
    """Image tokens, projected, stand before the text; `outputs["next_token"]` [B, N, V] are the logits of the text.

    Tokens and layers are the image's; the pooled vector is the state of the text's last token; `parts["text"]` holds
    the text's tokens where tokens are needed. `upper` takes tokens of another image model, so that a student's visual
    tokens are judged by this model's language path.

    Args:
        image: any adapter with tokens.
        language: whether it was built with `next_token` does not matter.
        next_token: compute the logits; a large vocabulary makes them cost more than all else.
    """

    modality = "image"

    def __init__(self, image: Adapter, language: CausalLM, next_token: bool = True) -> None:
        super().__init__()
        if not image.token_width:
            raise ConfigError(f"{type(image).__name__} has no tokens to put before a text")
        self.image, self.language = image, language
        self.language.next_token = next_token
        self.inputs = (*image.inputs, *language.inputs)
        self.width, self.token_width, self.layer_widths = language.width, image.token_width, image.layer_widths
        self.projector = nn.Linear(image.token_width, language.width)

    def forward(self, batch: Batch, need: Need) -> Embedding:
        seen = self.image(batch, Need(tokens=True, layers=need.layers))
        tokens = seen.need_tokens(type(self.image).__name__)
        told = Need(pooled=need.pooled, tokens=need.tokens)
        spoken = self.language.after(self.projector(tokens.x), tokens.valid, batch, None, told)
        return Embedding(
            pooled=spoken.pooled,
            tokens=tokens if need.tokens else None,
            layers=seen.layers if need.layers else (),
            outputs=spoken.outputs,
            parts={"text": Embedding(tokens=spoken.tokens)} if need.tokens else {},
        )

    def upper(self, batch: Batch, tokens: Tensor, valid: Tensor | None, layer: int, rows: Tensor | None) -> Embedding:
        """As the base class says: layer -1 takes tokens, and leaves the projector and the language model to run."""
        if layer != -1:
            raised = self.image.upper(batch, tokens, valid, layer, rows).need_tokens(type(self.image).__name__)
            tokens, valid = raised.x, raised.valid
        return self.language.after(self.projector(tokens), valid, batch, rows, Need(pooled=True))

    @staticmethod
    def read(path: Path) -> Any:
        """An image (.png, .jpg) or a text (.txt), by its suffix."""
        return read_either(path)

    @staticmethod
    def example(batch_size: int) -> Batch:
        return example_pairs(batch_size, 64)

    @staticmethod
    def picture(sample: Sample, key: str) -> Any:
        """The image or the text, whichever the entry is."""
        return picture_of_either(sample, key)
