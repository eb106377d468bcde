"""A frozen teacher that is run once over the training samples and remembered, where nothing changes what it sees."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch, collate
from xmodal.data.benchmark import Samples
from xmodal.data.transforms import Transform

MEMORY_BYTES = 4 * 2**30
FIXED_BATCH = 16
"""Always the same samples side by side: another batch size would give other last bits, and a resumed run with them."""


def sees_the_same_each_time(teacher: Adapter, transforms: Sequence[Transform]) -> bool:
    """Whether no transform edits an entry that the teacher reads. One that does not tell its keys might."""
    read = {*teacher.inputs, *teacher.privileged}
    return all((edited := _edited(t)) is not None and not edited & read for t in transforms)


def _edited(transform: Transform) -> frozenset[str] | None:
    """The entries that a transform may edit, as its `keys` or its `key` tell; None where it does not tell."""
    if hasattr(transform, "keys"):
        return None if transform.keys is None else frozenset(transform.keys)
    key = getattr(transform, "key", None)
    return None if key is None else frozenset({key})


class Recall(Adapter):
    """Answers for a teacher from memory, sample by sample; whatever is not remembered runs live.

    Args:
        teacher: frozen.
        samples: the training set; a batch's `index` are positions in it.
        positions: of the samples that have the teacher's inputs. For the others it answers with no valid token and
            a placeholder that `Frame.taught` tells everybody not to read.
        need: what is asked of it. Layers and attention are too large to keep: then everything runs live.
        device: where to compute; autocast: the context to compute in.
    """

    def __init__(
        self,
        teacher: Adapter,
        samples: Samples,
        positions: Sequence[int],
        need: Need,
        device: torch.device,
        autocast: AbstractContextManager[Any],
    ) -> None:
        super().__init__()
        self.teacher = teacher.to(device).eval()
        self.inputs, self.privileged = teacher.inputs, teacher.privileged
        self.width, self.token_width, self.layer_widths = teacher.width, teacher.token_width, teacher.layer_widths
        self.rows: dict[int, Embedding] = {}
        if not (need.layers or need.attention):
            with torch.no_grad(), autocast:
                self._fill(samples, positions, need, device)
        self.absent = _without_content(next(iter(self.rows.values()), Embedding()))
        self.eval()

    def _fill(self, samples: Samples, positions: Sequence[int], need: Need, device: torch.device) -> None:
        size = 0
        for start in range(0, len(positions), FIXED_BATCH):
            chunk = positions[start : start + FIXED_BATCH]
            batch = collate([samples[i] for i in chunk], chunk).to(device)
            embedding = self.teacher(batch, need)
            for row, position in enumerate(chunk):
                self.rows[position] = _row(embedding, row)
                size += _bytes(self.rows[position])
            if size > MEMORY_BYTES or embedding.parts:
                self.rows.clear()
                return

    def forward(self, batch: Batch, need: Need) -> Embedding:
        if not self.rows:
            live: Embedding = self.teacher(batch, need)
            return live
        return _side_by_side([self.rows.get(i, self.absent) for i in batch.index.tolist()], batch.index.device)

    def upper(self, batch: Batch, tokens: Tensor, valid: Tensor | None, layer: int, rows: Tensor | None) -> Embedding:
        return self.teacher.upper(batch, tokens, valid, layer, rows)


def _row(embedding: Embedding, row: int) -> Embedding:
    """One sample, without padding, on the CPU. Axes are kept without the batch's."""
    tokens = embedding.tokens
    count = None if tokens is None or tokens.valid is None else int(tokens.valid[row].sum())
    kept = None
    if tokens is not None:
        if count is not None and not bool(tokens.valid[row, :count].all()):  # type: ignore[index]
            count = None  # valid tokens are not in front, so nothing is cut off
        kept = replace(
            tokens,
            x=_cut(tokens.x[row], count),
            valid=None if tokens.valid is None else _cut(tokens.valid[row], count),
            where=None if tokens.where is None else _cut(tokens.where[row], count),
            of=None if tokens.of is None else _cut(tokens.of[row], None),
        )
    length = None if tokens is None else tokens.x.shape[1]
    outputs = {
        name: _cut(value[row], count if value.dim() > 1 and value.shape[1] == length else None)
        for name, value in embedding.outputs.items()
    }
    pooled = None if embedding.pooled is None else _cut(embedding.pooled[row], None)
    return Embedding(pooled=pooled, tokens=kept, outputs=outputs)


def _without_content(row: Embedding) -> Embedding:
    tokens = row.tokens
    if tokens is None:
        return row
    return replace(
        row,
        tokens=replace(
            tokens,
            valid=None if tokens.valid is None else torch.zeros_like(tokens.valid),
            of=None if tokens.of is None else torch.full_like(tokens.of, -1),
        ),
    )


def _cut(value: Tensor, count: int | None) -> Tensor:
    return (value if count is None else value[:count]).cpu().clone()


def _bytes(embedding: Embedding) -> int:
    tokens = embedding.tokens
    parts = [embedding.pooled, *embedding.outputs.values()]
    parts += [] if tokens is None else [tokens.x, tokens.where, tokens.of]
    return sum(p.nbytes for p in parts if p is not None)


def _side_by_side(rows: Sequence[Embedding], device: torch.device) -> Embedding:
    def padded(values: Sequence[Tensor | None], fill: float = 0) -> Any:
        if values[0] is None:
            return None
        whole = [v for v in values if v is not None]
        if whole[0].dim() == 0:
            return torch.stack(whole).to(device)
        return pad_sequence(whole, batch_first=True, padding_value=fill).to(device)

    first = rows[0].tokens
    tokens: Tokens | None = None
    if first is not None:
        own = [row.tokens for row in rows if row.tokens is not None]
        tokens = replace(
            first,
            x=padded([t.x for t in own]),
            valid=padded([t.valid for t in own]),
            where=padded([t.where for t in own]),
            of=padded([t.of for t in own], -1),
        )
    return Embedding(
        pooled=padded([row.pooled for row in rows]),
        tokens=tokens,
        outputs={name: padded([row.outputs[name] for row in rows]) for name in rows[0].outputs},
    )
