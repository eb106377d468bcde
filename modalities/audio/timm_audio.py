"""Any timm backbone over spectrograms: tokens on a grid of frequency and time, a pooled vector, hidden layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from xmodal.adapter import Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.audio.base import AudioAdapter
from xmodal.modalities.audio.front_ends import make_front_end, spectrogram
from xmodal.modalities.audio.read import RATE_HZ
from xmodal.modalities.timm_backbone import map_above, timm_backbone

ENTRIES = ("waveform", "spectrogram")


class TimmAudio(AudioAdapter):
    """A timm backbone over the spectrogram [B, 1, F, T'] of each sound.

    Tokens are the cells of the last map, grid (F', T''), `where` the time of their centre in seconds. Cells that lie
    wholly after the end of a sound are not `valid`; the pooled vector is the mean over the others.

    Args:
        backbone: any name that timm offers with features ("resnet18", "mobilenetv3_small_100", "vit_tiny_patch16_224").
        key: the entry it reads.
        entry: what that entry holds. "waveform": sound ([C, T] or Rows([T, C])), the front end runs inside the model.
            "spectrogram": what the transform `Spectrogram` with the same front end made of it, [1, F, T'].
        front_end, settings: as in `make_front_end`. Sounds of unequal length need the setting "frames".
        rate_hz: the sampling rate of the waveforms; another one than the front end's is changed.
        levels: which of the backbone's maps to compute (its `out_indices`); None for all.
        pretrained: fetch the weights that timm names for the backbone (needs a network, once).
        weights: a .safetensors file with the backbone's weights instead.
        options: further arguments of `timm.create_model`, such as {"img_size": (128, 1024)}.
    """

    initial = ("pretrained", "weights")

    def __init__(
        self,
        backbone: str = "resnet18",
        *,
        key: str = "audio",
        entry: str = "waveform",
        front_end: str = "logmel",
        settings: Mapping[str, Any] | None = None,
        rate_hz: int = RATE_HZ,
        levels: tuple[int, ...] | None = None,
        pretrained: bool = False,
        weights: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(key, rate_hz)
        if entry not in ENTRIES:
            raise ConfigError(f"entry: expected one of {ENTRIES}, found {entry!r}")
        self.entry = entry
        own = {"frames": 100} if front_end == "logmel" else {}
        self.front_end = make_front_end(front_end, {**own, **(settings or {})})
        self.backbone = timm_backbone(backbone, levels, pretrained, weights, options or {}, channels=1)
        self.layer_widths = tuple(self.backbone.feature_info.channels())
        self.width = self.token_width = self.layer_widths[-1]

    def forward(self, batch: Batch, need: Need) -> Embedding:
        image, sounding = self._ready(batch) if self.entry == "spectrogram" else self._spectrograms(batch)
        maps = self.backbone(image)
        tokens = self._tokens(maps[-1], image.shape[3], sounding)
        return Embedding(
            pooled=tokens.mean() if need.pooled else None,
            tokens=tokens if need.tokens else None,
            layers=tuple(self._tokens(m, image.shape[3], sounding) for m in maps) if need.layers else (),
        )

    def upper(self, batch: Batch, tokens: Tensor, valid: Tensor | None, layer: int, rows: Tensor | None) -> Embedding:
        """As the base class says. Tokens stand in the rows of frequency that the layer has; time may be of any length.

        Raises:
            ValueError: N is no multiple of the rows; a layer that does not exist, or a backbone without stages.
        """
        if not -1 <= layer < len(self.layer_widths):
            raise ValueError(f"expected a layer from -1 to {len(self.layer_widths) - 1}, found {layer}")
        height = -(-self.front_end.bins // self.backbone.feature_info.reduction()[layer])
        if tokens.shape[1] % height:
            raise ValueError(f"expected tokens in {height} rows of frequency, found N = {tokens.shape[1]}")
        width = tokens.shape[1] // height
        image = tokens.transpose(1, 2).reshape(len(tokens), -1, height, width)
        raised = map_above(self.backbone, layer, image)
        # Columns stand for frames here: what counts at the layer counts above it.
        sounding = None if valid is None else valid.view(-1, height, width).any(1).sum(1)
        last = self._tokens(raised, width, sounding)
        return Embedding(pooled=last.mean(), tokens=replace(last, where=None, frame=""))

    def _ready(self, batch: Batch) -> tuple[Tensor, None]:
        image = batch.tensor(self.key)
        bins = self.front_end.bins
        if image.ndim != 4 or image.shape[1:3] != (1, bins) or not image.is_floating_point():
            found = f"{list(image.shape)} {image.dtype}"
            raise DataError(f"entry {self.key!r}", expected=f"spectrograms [B, 1, {bins}, T']", found=found)
        return image.float(), None

    def _spectrograms(self, batch: Batch) -> tuple[Tensor, Tensor | None]:
        """([B, 1, F, T'], [B] the frames that hold sound, or None for all)."""
        waveform, lengths = self.mono(batch)
        each = [waveform.shape[1]] * len(waveform) if lengths is None else lengths.tolist()
        if len(set(each)) == 1:
            image = spectrogram(self.front_end, waveform.unsqueeze(1), self.rate_hz)
        elif self.front_end.frames is None:
            expected = 'sounds of one length, or the setting "frames" of the front end'
            raise DataError(f"entry {self.key!r}", expected=expected, found=f"{min(each)} to {max(each)} samples")
        else:
            # One by one: a frame at the end of a sound must not see the zeros that fill up the rectangle.
            sounds = [row[None, None, :n] for row, n in zip(waveform, each, strict=True)]
            image = torch.cat([spectrogram(self.front_end, sound, self.rate_hz) for sound in sounds])
        to_hz = self.front_end.rate_hz
        counts = [self.front_end.count(-(-n * to_hz // self.rate_hz)) for n in each]
        return image, torch.tensor(counts, device=image.device) if min(counts) < image.shape[3] else None

    def _tokens(self, image: Tensor, frames: int, sounding: Tensor | None) -> Tokens:
        rows, columns = image.shape[-2:]
        column = torch.arange(columns, device=image.device)
        time_s = self.front_end.time_s((column + 0.5) * (frames / columns) - 0.5)
        where = time_s.expand(rows, -1).reshape(1, -1, 1).expand(len(image), -1, -1)
        valid = None
        if sounding is not None:
            valid = column * (frames / columns) < sounding.unsqueeze(1)  # [B, T'']
            valid = valid.unsqueeze(1).expand(-1, rows, -1).flatten(1)
        x = image.flatten(2).transpose(1, 2)
        return Tokens(x, valid=valid, where=where, frame="time_s", grid=(rows, columns), key=self.key)
