"""What a teacher is run on: the records of a store in their order, always the same ones side by side.

Other neighbours or another batch size would give other last bits. So batch i holds the same records whoever computes
it, and the last one is filled up with its last record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch

from xmodal.data.batch import Batch, collate
from xmodal.data.benchmark import Samples, key_of
from xmodal.data.sample import Sample
from xmodal.data.transforms import Compose, Transform
from xmodal.errors import DataError

BATCH = 16


def recorded_generator(key: str, view: int) -> torch.Generator:
    """What an augmentation is drawn from: the same for one sample in every run, epoch and process."""
    digest = hashlib.sha256(f"{view} {key}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "little"))


@dataclass(frozen=True, slots=True)
class Items:
    """The samples of a store, by key, each under `views` augmentations.

    Attributes:
        samples: the data set; positions: of those that the teacher can read, sorted by key; keys: theirs.
        transforms: what is recorded; nothing where views is 0.
        views: recorded augmentations of a sample; 0 for the sample as it is.
    """

    samples: Samples
    positions: Sequence[int]
    keys: Sequence[str]
    transforms: Sequence[Transform]
    views: int

    @staticmethod
    def of(samples: Samples, positions: Sequence[int], transforms: Sequence[Transform], views: int) -> Items:
        """Sorted by key.

        Raises:
            DataError: there is no sample; two samples have one key.
        """
        keyed = sorted((key_of(samples, i), i) for i in positions)
        if not keyed:
            raise DataError("teacher store", expected="training samples that the teacher can read", found="none")
        for (key, _), (other, _) in pairwise(keyed):
            if key == other:
                raise DataError(f"sample {key!r}", expected="a key of its own", found="two samples with it")
        return Items(samples, [i for _, i in keyed], [key for key, _ in keyed], transforms if views else (), views)

    def __len__(self) -> int:
        """The number of records."""
        return len(self.keys) * max(1, self.views)

    def record(self, number: int) -> tuple[Sample, Any]:
        """The sample as the teacher sees it, and what was drawn for it."""
        place, view = divmod(number, max(1, self.views))
        sample = self.samples[self.positions[place]]
        if not self.views:
            return sample, None
        return Compose(self.transforms)(sample, generator=recorded_generator(sample.key, view))


class Batches:
    """Item i is batch i with what was drawn for each record of it."""

    def __init__(self, items: Items) -> None:
        self.items = items

    def __len__(self) -> int:
        return -(-len(self.items) // BATCH)

    def __getitem__(self, i: int) -> tuple[Batch, list[Any]]:
        numbers = [min(n, len(self.items) - 1) for n in range(i * BATCH, (i + 1) * BATCH)]
        seen = [self.items.record(n) for n in numbers]
        return collate([sample for sample, _ in seen]), [drawn for _, drawn in seen]
