"""Several adapters joined by cross-attention: the usual multi-modal teacher, and the ceiling of a benchmark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError
from xmodal.modalities.blocks import Block
from xmodal.modalities.fusion.pool import Pool


class Fusion(Adapter):
    """Each part's tokens look at the tokens of all parts; one learned token stands for each part that is absent.

    A part is absent from a sample whose entries it lacks, and from a batch that has no such entry at all. What is
    absent is never fed as zeros: its adapter does not see the sample, and the others see the absence token.

    Tokens (with their grid, places and `of`) are those of the first part after the fusion; a sample without that part
    has no valid token. `Embedding.parts` holds every part on its own. A part without tokens gives its pooled vector
    as one token.

    Args:
        parts: by name, the adapters; the first one leads. Together they name each entry once.
        width: D of tokens and of the pooled vector.
        depth: cross-attention blocks; each is a hidden layer.
        heads: of each block; divides `width`.
        drop: in training, the chance that a part counts as absent from a sample; one present part always stays.
    """

    modality = "fusion"
    partial = True

    def __init__(
        self,
        parts: Mapping[str, Adapter] | None = None,
        width: int = 64,
        depth: int = 2,
        heads: int = 4,
        drop: float = 0.0,
    ) -> None:
        super().__init__()
        parts = _default_parts() if parts is None else parts
        _check(parts, width, depth, heads, drop)
        self.parts = nn.ModuleDict(dict(parts))
        self.inputs = tuple(key for part in parts.values() for key in part.inputs)
        self.width = self.token_width = width
        self.layer_widths = (width,) * depth
        self.drop = drop
        self.project = nn.ModuleDict({name: nn.Linear(_width(part), width) for name, part in parts.items()})
        self.kind = nn.ParameterDict({name: nn.Parameter(0.02 * torch.randn(width)) for name in parts})
        self.absent = nn.ParameterDict({name: nn.Parameter(0.02 * torch.randn(width)) for name in parts})
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.pool = Pool(width, heads)

    def forward(self, batch: Batch, need: Need) -> Embedding:
        has = self._dropped({name: batch.has(part.inputs) for name, part in self._named()})
        own = {name: _part(part, batch, has[name]) for name, part in self._named()}
        x, valid = self._joined(own, has)
        lead = own[next(iter(own))]
        layers = []
        for block in self.blocks:
            x = block(x, valid)
            layers.append(self._lead(x, valid, lead))
        return Embedding(
            pooled=self.pool(x, valid) if need.pooled else None,
            tokens=layers[-1] if need.tokens else None,
            layers=tuple(layers) if need.layers else (),
            parts={name: embedding for name, embedding in own.items() if embedding is not None},
        )

    def _named(self) -> Iterator[tuple[str, Adapter]]:
        for name, part in self.parts.items():
            assert isinstance(part, Adapter)
            yield name, part

    def _dropped(self, has: dict[str, Tensor]) -> dict[str, Tensor]:
        """In training, some present parts count as absent; a sample that would lose all of them loses none."""
        if not self.training or self.drop == 0:
            return has
        table = torch.stack(list(has.values()), dim=1)  # [B, parts]
        keep = table & (torch.rand(table.shape, device=table.device) >= self.drop)
        keep = torch.where(keep.any(1, keepdim=True), keep, table)
        return dict(zip(has, keep.unbind(1), strict=True))

    def _joined(self, own: Mapping[str, Embedding | None], has: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """All tokens [B, N, D], the first part's first, and which of them count [B, N].

        After a part's tokens stands its absence token, which counts where the part is absent.
        """
        xs, valids = [], []
        for name, embedding in own.items():
            if embedding is not None:
                x, valid = _tokens(embedding)
                xs.append(self.project[name](x) + self.kind[name])
                valids.append(valid & has[name].unsqueeze(1))
            xs.append(self.absent[name].expand(len(has[name]), 1, -1))
            valids.append(~has[name].unsqueeze(1))
        return torch.cat([x.float() for x in xs], dim=1), torch.cat(valids, dim=1)

    def _lead(self, x: Tensor, valid: Tensor, own: Embedding | None) -> Tokens:
        """The first part's tokens out of all of them; none where no sample has that part."""
        key = self.inputs[0]
        if own is None:
            return Tokens(x[:, :0], valid=valid[:, :0], key=key)
        count = _tokens(own)[0].shape[1]
        fused = Tokens(x[:, :count], valid=valid[:, :count], key=key)
        return fused if own.tokens is None else replace(own.tokens, x=fused.x, valid=fused.valid)

    @staticmethod
    def example(batch_size: int) -> Batch:
        """An image and a cloud of each sample: what the parts read that a Fusion without arguments has."""
        examples = [part.example(batch_size) for part in _default_parts().values()]
        entries = {key: value for example in examples for key, value in example.entries.items()}
        return replace(examples[0], entries=entries)


def _default_parts() -> dict[str, Adapter]:
    from xmodal.modalities.image import TimmImage
    from xmodal.modalities.lidar import PointNet

    return {"image": TimmImage("test_resnet"), "lidar": PointNet(widths=(32, 64), width=64)}


def _check(parts: Mapping[str, Adapter], width: int, depth: int, heads: int, drop: float) -> None:
    if not parts or not all(isinstance(part, Adapter) for part in parts.values()):
        raise ConfigError(f"parts: expected adapters by name, found {dict(parts)}")
    if width < 1 or heads < 1 or width % heads or depth < 1:
        raise ConfigError(f"expected depth >= 1 and heads that divide width, found {depth}, {heads} and {width}")
    if not 0 <= drop < 1:
        raise ConfigError(f"drop: expected a chance in [0, 1), found {drop}")
    keys = [key for part in parts.values() for key in part.inputs]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ConfigError(f"parts: the entry {twice[0]!r} is read by two parts; give one of them another key")


def _width(part: Adapter) -> int:
    return part.token_width or part.width


def _part(part: Adapter, batch: Batch, has: Tensor) -> Embedding | None:
    """The part on the samples that have it, spread over the whole batch; None where no sample has it."""
    need = Need(tokens=True) if part.token_width else Need(pooled=True)
    if has.all():
        return part(batch, need)  # type: ignore[no-any-return]
    index = has.nonzero().squeeze(1)
    return _spread(part(batch.rows(index), need), index, len(batch)) if len(index) else None


def _tokens(embedding: Embedding) -> tuple[Tensor, Tensor]:
    """[B, N, D] and [B, N]: a part's tokens, or its pooled vector as one."""
    if embedding.tokens is not None:
        return embedding.tokens.x, embedding.tokens.mask()
    pooled = embedding.need_pooled("a part").unsqueeze(1)
    return pooled, torch.ones(pooled.shape[:2], dtype=torch.bool, device=pooled.device)


def _spread(embedding: Embedding, index: Tensor, size: int) -> Embedding:
    """Rows [b, ...] put at `index` of a batch of `size`; the other rows are zeros and none of their tokens count."""

    def put(x: Tensor | None) -> Tensor | None:
        return None if x is None else x.new_zeros(size, *x.shape[1:]).index_copy(0, index, x)

    tokens = embedding.tokens
    if tokens is not None:
        of = None if tokens.of is None else tokens.of.new_full((size, tokens.of.shape[1]), -1)
        if of is not None and tokens.of is not None:
            of = of.index_copy(0, index, tokens.of)
        x = put(tokens.x)
        assert x is not None
        tokens = replace(tokens, x=x, valid=put(tokens.mask()), where=put(tokens.where), of=of)
    return Embedding(pooled=put(embedding.pooled), tokens=tokens)
