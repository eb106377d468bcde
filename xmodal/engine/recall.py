"""A frozen teacher that is run once over the training samples and remembered, where nothing changes what it sees."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch

from xmodal.adapter import Adapter, Frozen, Need
from xmodal.bus import Embedding
from xmodal.data.batch import Batch, collate
from xmodal.data.benchmark import Samples
from xmodal.data.transforms import Transform
from xmodal.store.rows import Layout, Row, layout_of, padded, rebuild, to_rows, token_outputs, without_content

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


class Recall(Frozen):
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
        super().__init__(teacher.to(device))
        self.rows: dict[int, Row] = {}
        self.layout = Layout((), {})
        if not (need.layers or need.attention):
            with torch.no_grad(), autocast:
                self._fill(samples, positions, need, device)

    def _fill(self, samples: Samples, positions: Sequence[int], need: Need, device: torch.device) -> None:
        size = 0
        for start in range(0, len(positions), FIXED_BATCH):
            chunk = positions[start : start + FIXED_BATCH]
            batch = collate([samples[i] for i in chunk], chunk).to(device)
            embedding = self.teacher(batch, need)
            self.layout = layout_of(embedding)
            for position, row in zip(chunk, to_rows(embedding, batch, token_outputs(self.teacher)), strict=True):
                self.rows[position] = row
                size += sum(value.nbytes for value in row.values())
            if size > MEMORY_BYTES:
                self.rows.clear()
                return

    def forward(self, batch: Batch, need: Need) -> Embedding:
        if not self.rows:
            live: Embedding = self.teacher(batch, need)
            return live
        wanted = batch.index.tolist()
        anyone = next(iter(self.rows.values()))
        rows = [self.rows.get(i, anyone) for i in wanted]
        columns = {name: padded([row[name] for row in rows], name) for name in self.layout.names}
        known = [i in self.rows for i in wanted]
        if not all(known):
            columns = without_content(columns, torch.tensor(known))
        return rebuild({name: value.to(batch.index.device) for name, value in columns.items()}, self.layout)
