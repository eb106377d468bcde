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
        self.holds_all = places is not None and bool((places != ABSENT).all())

    def forward(self, batch: Batch, need: Need) -> Embedding:
        places = self._places(batch)
        known = None if self.holds_all else self._known(batch, places)
        if known is not None:
            places = places.clamp_min(0)
        views = batch.view.cpu() if self.store.augmented and batch.view is not None else None
        columns = self.store.columns(self.store.under(places, views, batch.keys))
        if known is not None:
            columns = without_content(columns, known)
        device = batch.index.device
        if device.type != "cpu":
            columns = map_columns(columns, lambda x: x.to(device, non_blocking=True))
        return rebuild(columns, self.store.layout)

    def _places(self, batch: Batch) -> Tensor:
        """[B] on the CPU. Keys lie there already; an index on a GPU would have to be waited for."""
        if self.places is not None and batch.index.is_cpu:
            return self.places.index_select(0, batch.index)
        return self.store.places(batch.keys)

    def _known(self, batch: Batch, places: Tensor) -> Tensor | None:
        """[B]: which samples the store holds, None for all of them; raises DataError for one that it should hold."""
        known = places != ABSENT
        if bool(known.all()):
            return None
        missing: Sequence[bool] = (batch.has(self.inputs).cpu() & ~known).tolist()
        if any(missing):
            key = batch.keys[missing.index(True)]
            raise DataError(f"{self.store.folder}: sample {key!r}", expected="a record of it", found="none")
        return known
