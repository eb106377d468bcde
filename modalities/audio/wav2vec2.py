"""A wav2vec 2.0 encoder over waveforms: a token every 20 ms, whatever the length.

Baevski, Zhou, Mohamed, Auli: wav2vec 2.0, NeurIPS 2020, https://arxiv.org/abs/2006.11477
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.adapter import Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.audio.base import AudioAdapter
from xmodal.modalities.audio.read import RATE_HZ

_KERNELS_STRIDES = ((10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2))
_STRIDE, _FIELD = 320, 400
"""Samples from one token to the next, and samples that a token sees before the transformer."""


class Wav2Vec2Audio(AudioAdapter):
    """torchaudio's wav2vec 2.0 with layer norms throughout (that of its large model), small by default.

    The variant with layer norms is the one whose tokens do not depend on how far a batch is padded. Each waveform is
    first brought to zero mean and unit variance. Tokens after the end of a waveform are not `valid`.

    Args:
        key, rate_hz: as in `AudioAdapter`; the published models were trained at 16 kHz.
        width: D of tokens, layers and the pooled vector (the mean of the tokens).
        depth, heads, feed_forward: of the transformer; feed_forward None: 4 x width.
        channels: of the seven convolutions in front of it.
        dropout: in the transformer.
        positions: kernel of the convolution that tells tokens their place; groups: of it.
        weights: a .safetensors file with the weights of a torchaudio Wav2Vec2Model of this configuration.
    """

    initial = ("weights",)

    def __init__(
        self,
        *,
        key: str = "audio",
        rate_hz: int = RATE_HZ,
        width: int = 128,
        depth: int = 4,
        heads: int = 4,
        feed_forward: int | None = None,
        channels: int = 64,
        dropout: float = 0.1,
        positions: int = 32,
        groups: int = 8,
        weights: str | None = None,
    ) -> None:
        super().__init__(key, rate_hz)
        if depth < 1 or width % heads or width % groups:
            raise ConfigError(
                f"width must be a multiple of heads and groups, depth >= 1, not {width, heads, groups, depth}"
            )
        self.encoder = _encoder(width, depth, heads, feed_forward or 4 * width, channels, dropout, (positions, groups))
        self.layer_widths = (width,) * depth
        self.width = self.token_width = width
        if weights is not None:
            _load(self.encoder, Path(weights))

    def forward(self, batch: Batch, need: Need) -> Embedding:
        waveform, lengths = self.mono(batch)
        waveform = F.pad(waveform, (0, max(0, _FIELD - waveform.shape[1])))
        scaled = _standardised(waveform, lengths)
        given = None if lengths is None else lengths.clamp_min(_FIELD)  # so that each sound has a token
        layers, counts = self.encoder.extract_features(scaled, given)
        # The hidden layers come without the norm that closes the stack.
        tokens = self._tokens(self.encoder.encoder.transformer.layer_norm(layers[-1]), counts)
        return Embedding(
            pooled=tokens.mean() if need.pooled else None,
            tokens=tokens if need.tokens else None,
            layers=tuple(self._tokens(x, counts) for x in layers) if need.layers else (),
        )

    def _tokens(self, x: Tensor, counts: Tensor | None) -> Tokens:
        number = torch.arange(x.shape[1], device=x.device)
        where = (number * _STRIDE + (_FIELD - 1) / 2) / self.rate_hz
        valid = None if counts is None else number < counts.unsqueeze(1)
        return Tokens(
            x,
            valid=valid,
            where=where.view(1, -1, 1).expand(len(x), -1, -1),
            frame="time_s",
            grid=(x.shape[1],),
            key=self.key,
        )


def _standardised(waveform: Tensor, lengths: Tensor | None) -> Tensor:
    """[B, T]: each to zero mean and unit variance over its own length, zeros after it."""
    if lengths is None:
        lengths = torch.full((len(waveform),), waveform.shape[1], device=waveform.device)
    inside = torch.arange(waveform.shape[1], device=waveform.device) < lengths.unsqueeze(1)
    count = lengths.clamp_min(1).unsqueeze(1)
    centred = (waveform - waveform.sum(1, keepdim=True) / count) * inside
    variance = centred.square().sum(1, keepdim=True) / count
    return centred / (variance + 1e-7).sqrt()


def _encoder(
    width: int, depth: int, heads: int, feed_forward: int, channels: int, dropout: float, positions: Sequence[int]
) -> Any:
    from torchaudio.models import wav2vec2_model  # type: ignore[import-untyped]

    return wav2vec2_model(
        extractor_mode="layer_norm",
        extractor_conv_layer_config=[(channels, kernel, stride) for kernel, stride in _KERNELS_STRIDES],
        extractor_conv_bias=True,
        encoder_embed_dim=width,
        encoder_projection_dropout=dropout,
        encoder_pos_conv_kernel=positions[0],
        encoder_pos_conv_groups=positions[1],
        encoder_num_layers=depth,
        encoder_num_heads=heads,
        encoder_attention_dropout=dropout,
        encoder_ff_interm_features=feed_forward,
        encoder_ff_interm_dropout=dropout,
        encoder_dropout=dropout,
        encoder_layer_norm_first=True,
        encoder_layer_drop=0.0,
        aux_num_out=None,
    )


def _load(encoder: Any, path: Path) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if path.suffix != ".safetensors" or not path.is_file():
        raise DataError(f"weights {path}", expected="an existing .safetensors file", found="none")
    try:
        encoder.load_state_dict(load_file(path))
    except SafetensorError as error:
        raise DataError(f"weights {path}", expected="a complete .safetensors file", found="a damaged one") from error
    except RuntimeError as error:
        raise ConfigError(f"weights {path} do not fit this configuration: {error}") from error
