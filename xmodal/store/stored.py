"""A teacher that answers from a store: to distillers it looks like the teacher itself."""

from __future__ import annotations

import torch

from xmodal.adapter import Adapter, Frozen, Need
from xmodal.bus import Embedding
from xmodal.data.batch import Batch
from xmodal.errors import DataError
from xmodal.store.reader import Store
from xmodal.store.rows import map_columns, rebuild, without_content


class StoredTeacher(Frozen):
    """Looks up what a frozen teacher said of each sample under the augmentation that the batch names.

    A sample that lacks the teacher's sensors gets an answer without a valid token, which `Frame.taught` tells everybody
    not to read.

    Args:
        store: of this teacher. One that holds the samples as they are answers the same under every augmentation.
        teacher: for what no store can hold: the upper part that a switch runs the student's tokens through.
    """

    def __init__(self, store: Store, teacher: Adapter) -> None:
        super().__init__(teacher)
        self.store = store

    def forward(self, batch: Batch, need: Need) -> Embedding:
        recorded = self.store.augmented and batch.view is not None
        views = batch.view.tolist() if recorded else [0] * len(batch)  # type: ignore[union-attr]
        there = batch.has(self.inputs).tolist()
        known = [key in self.store for key in batch.keys]
        for key, has, found in zip(batch.keys, there, known, strict=True):
            if has and not found:
                raise DataError(f"{self.store.folder}: sample {key!r}", expected="a record of it", found="none")
        anyone = next(iter(self.store.numbers))
        wanted = (
            batch.keys if all(known) else [k if there else anyone for k, there in zip(batch.keys, known, strict=True)]
        )
        numbers = self.store.numbers_of(wanted, views)
        columns = self.store.columns(numbers)
        if not all(known):
            columns = without_content(columns, torch.tensor(known))
        device = batch.index.device
        return rebuild(map_columns(columns, lambda x: x.to(device, non_blocking=True)), self.store.layout)
