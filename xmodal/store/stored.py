"""A teacher that answers from a store: to distillers it looks like the teacher itself."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from xmodal.adapter import Adapter, Frozen, Need
from xmodal.bus import Embedding
from xmodal.data.batch import Batch
from xmodal.errors import DataError
from xmodal.store.reader import ABSENT, Store
from xmodal.store.rows import map_columns, rebuild, without_content


class StoredTeacher(Frozen):
    """Looks up what a frozen teacher said of each sample under the augmentation that the batch names.

    A sample that lacks the teacher's sensors gets an answer without a valid token, which `Frame.taught` tells everybody
    not to read.

    Args:
        store: of this teacher. One that holds the samples as they are answers the same under every augmentation.
        teacher: for what no store can hold: the upper part that a switch runs the student's tokens through.
        places: of `Store.places`, by `Batch.index`: saves looking up every key in every step. None looks them up.
    """

    def __init__(self, store: Store, teacher: Adapter, places: Tensor | None = None) -> None:
        super().__init__(teacher)
        self.store, self.places = store, places

    def forward(self, batch: Batch, need: Need) -> Embedding:
        places = self._places(batch)
        known = places != ABSENT
        whole = bool(known.all())
        if not whole:
            self._check(batch, known)
        views = batch.view.cpu() if self.store.augmented and batch.view is not None else None
        columns = self.store.columns(self.store.under(places if whole else places.clamp_min(0), views, batch.keys))
        if not whole:
            columns = without_content(columns, known)
        device = batch.index.device
        if device.type != "cpu":
            columns = map_columns(columns, lambda x: x.to(device, non_blocking=True))
        return rebuild(columns, self.store.layout)

    def _places(self, batch: Batch) -> Tensor:
        """[B] on the CPU. Keys lie there already; an index on a GPU would have to be waited for."""
        if self.places is not None and batch.index.is_cpu:
            return self.places[batch.index]
        return self.store.places(batch.keys)

    def _check(self, batch: Batch, known: Tensor) -> None:
        """Only samples without the teacher's sensors may be missing."""
        missing: Sequence[bool] = (batch.has(self.inputs).cpu() & ~known).tolist()
        if any(missing):
            key = batch.keys[missing.index(True)]
            raise DataError(f"{self.store.folder}: sample {key!r}", expected="a record of it", found="none")
