"""The two towers of a CLIP model as modules that give an Embedding: projected vector, tokens, hidden layers.

Hidden states pass the tower's final norm, as is usual for pre-norm transformers, whose raw states grow with depth.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from xmodal.adapter import Need
from xmodal.bus import Embedding, Tokens
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.text.base import Ids

CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
"""Of the images that CLIP was trained on; open_clip uses them unless a model says otherwise."""


class TextTower(nn.Module):
    """open_clip's text transformer.

    Args:
        tower: the `text` module of a built model.
        config: its `text_cfg`.
        key: of the tokens that it gives.
    """

    def __init__(self, tower: Any, config: dict[str, Any], key: str) -> None:
        super().__init__()
        if config.get("hf_tokenizer_name") or tower.pool_type != "argmax":
            raise ConfigError("expected a text tower with CLIP's own tokenizer, found one that needs another")
        self.tower, self.key = tower, key
        self.context = int(tower.context_length)
        self.vocabulary = int(tower.vocab_size)
        self.width = int(config["embed_dim"]) if tower.text_projection is not None else int(tower.width)
        self.token_width = int(tower.width)
        self.layer_widths = (self.token_width,) * len(tower.transformer.resblocks)

    def forward(self, ids: Ids, need: Need) -> Embedding:
        tower = self.tower
        values, valid = ids.values, ids.valid
        if tower.attn_mask is None:  # such towers were trained to see the padding, and answer differently without
            missing = self.context - values.shape[1]
            values = nn.functional.pad(values, (0, missing), value=tower.pad_id)
            valid = nn.functional.pad(valid, (0, missing), value=False)
        count = values.shape[1]
        x = tower.token_embedding(values) + tower.positional_embedding[:count]  # [B, N, D]
        mask = None if tower.attn_mask is None else tower.attn_mask[:count, :count]
        wanted = None if need.layers else 1
        _, states = tower.transformer.forward_intermediates(x, attn_mask=mask, indices=wanted)
        layers = [tower.ln_final(state) for state in states]
        # `end` is the highest id, so that argmax finds the place where CLIP reads the whole text.
        final = layers[-1][torch.arange(len(x), device=x.device), values.argmax(1)]
        tokens = tuple(Tokens(s * valid.unsqueeze(-1), valid=valid, key=self.key) for s in layers)
        return Embedding(
            pooled=_projected(final, tower.text_projection) if need.pooled else None,
            tokens=tokens[-1] if need.tokens else None,
            layers=tokens if need.layers else (),
        )


class ImageTower(nn.Module):
    """open_clip's image tower, whichever kind it is.

    Args:
        tower: the `visual` module of a built model.
        width: of the projected vector.
        key: of the tokens that it gives.
        mean, std: of the training images, by channel; None takes those that the tower carries, else CLIP's.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, tower: Any, width: int, key: str, mean: Sequence[float] | None, std: Sequence[float] | None
    ) -> None:
        super().__init__()
        self.tower, self.key, self.width = tower, key, width
        size = tower.image_size
        self.size_px: tuple[int, int] = (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))
        # Saved with the weights, because a model rebuilt from its file no longer knows where those came from.
        for name, given, usual in (("mean", mean, CLIP_MEAN), ("std", std, CLIP_STD)):
            values = given if given is not None else getattr(tower, f"image_{name}", None) or usual
            self.register_buffer(name, torch.tensor(tuple(values), dtype=torch.float32).view(3, 1, 1))
        was_training = tower.training
        with torch.no_grad():
            maps = self.eval()._maps(torch.zeros(1, 3, *self.size_px), None)
        self.train(was_training)
        self.layer_widths = tuple(int(m.shape[1]) for m in maps)
        self.token_width = self.layer_widths[-1]

    def forward(self, image: Tensor, need: Need) -> Embedding:
        if image.dim() != 4 or tuple(image.shape[1:]) != (3, *self.size_px):
            expected = f"[B, 3, {self.size_px[0]}, {self.size_px[1]}] (a Resize transform makes it)"
            raise DataError(f"entry {self.key!r}", expected=expected, found=f"{list(image.shape)}")
        unit = image.float() / 255 if image.dtype == torch.uint8 else image.to(self.mean.dtype)
        scaled = (unit - self.mean) / self.std
        if not need.tokens and not need.layers:
            return Embedding(pooled=self.tower(scaled) if need.pooled else None)
        out = self._intermediates(scaled, None if need.layers else 1)
        maps = tuple(self._tokens(m) for m in out["image_intermediates"])
        return Embedding(
            pooled=out["image_features"] if need.pooled else None,
            tokens=maps[-1] if need.tokens else None,
            layers=maps if need.layers else (),
        )

    def _maps(self, scaled: Tensor, indices: int | None) -> list[Tensor]:
        maps: list[Tensor] = self._intermediates(scaled, indices)["image_intermediates"]
        return maps

    def _intermediates(self, scaled: Tensor, indices: int | None) -> dict[str, Any]:
        out: dict[str, Any] = self.tower.forward_intermediates(
            scaled, indices=indices, normalize_intermediates=True, output_fmt="NCHW"
        )
        return out

    def _tokens(self, image: Tensor) -> Tokens:
        rows, columns = image.shape[-2:]
        v = (torch.arange(rows, device=image.device) + 0.5) * (self.size_px[0] / rows)
        u = (torch.arange(columns, device=image.device) + 0.5) * (self.size_px[1] / columns)
        where = torch.stack(torch.meshgrid(v, u, indexing="ij")[::-1], -1).view(1, rows * columns, 2)
        return Tokens(
            image.flatten(2).transpose(1, 2),
            where=where.expand(len(image), -1, -1),
            frame="image_px",
            grid=(rows, columns),
            key=self.key,
        )


def _projected(x: Tensor, projection: Any) -> Tensor:
    if projection is None:
        return x
    out: Tensor = projection(x) if isinstance(projection, nn.Module) else x @ projection
    return out
