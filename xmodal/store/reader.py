"""A finished store: memory-mapped, random access, each record checked when it is read for the first time."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xmodal.bus import Embedding
from xmodal.errors import DataError
from xmodal.files import read_tensors
from xmodal.store.encodings import Basis
from xmodal.store.manifest import MANIFEST, PLAN, file_digest, keys_digest, read_sealed
from xmodal.store.records import NUMPY, Part, Records, as_tensor
from xmodal.store.rows import Layout, rebuild
from xmodal.store.shard import COUNTS, CRC, LENGTH, OFFSET, RECORDS, Shard
from xmodal.store.table import Table, check_size

KEYS, BASES = "keys.json", "bases.safetensors"
ABSENT = -1
"""The place of a sample that a store does not hold."""
Bytes = np.ndarray[Any, np.dtype[np.uint8]]


class Store:
    """The outputs of one teacher for a set of samples, each under one or several recorded augmentations.

    It holds no open file handles that a fork could share: maps are opened where they are first read, so workers of a
    DataLoader may use it.

    Args:
        folder: of a finished store.

    Raises:
        DataError: it is not finished, or a file of it is damaged or missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        if not (self.folder / MANIFEST).is_file():
            begun = (self.folder / PLAN).is_file()
            found = "an unfinished one: run the same xmodal cache again" if begun else "none"
            raise DataError(self.folder, expected="a finished teacher store", found=found)
        self.manifest = read_sealed(self.folder / MANIFEST)
        self.plan = read_sealed(self.folder / PLAN)
        if self.plan != self.manifest["plan"]:
            raise DataError(self.folder / PLAN, expected="the plan that the manifest holds", found="another one")
        self.layout = Layout.of_plain(self.plan["layout"])
        self.records = Records(tuple(Part.of_plain(p) for p in self.plan["parts"]), read_bases(self.folder, self.plan))
        self.augmented = bool(self.plan["made"]["views"])  # else it holds each sample as it is
        self.views = max(1, int(self.plan["made"]["views"]))
        self.per_shard: int = self.plan["records_per_shard"]
        keys = read_keys(self.folder, self.plan)
        self.numbers: Mapping[str, int] = {key: number for number, key in enumerate(keys)}
        self.shards = [_Open(Shard(self.folder, i), about) for i, about in enumerate(self.manifest["shards"])]
        for opened in self.shards:
            if opened.about["plan"] != file_digest(self.folder / PLAN):
                raise DataError(opened.shard.seal, expected="a shard of this store's plan", found="one of another plan")
        self.table = self._table()

    def __contains__(self, key: object) -> bool:
        return key in self.numbers

    def __len__(self) -> int:
        """The number of samples, each with all of its augmentations."""
        return len(self.numbers)

    def record(self, key: str, view: int = 0) -> int:
        """The number of a record.

        Raises:
            DataError: there is none, for the key or the augmentation.
        """
        if key not in self.numbers:
            raise DataError(f"{self.folder}: sample {key!r}", expected=f"one of its {len(self)} samples", found="none")
        if not 0 <= view < self.views:
            where = f"{self.folder}: augmentation {view} of sample {key!r}"
            raise DataError(where, expected=f"one of {self.views}", found="none")
        return self.numbers[key] * self.views + view

    def read(self, keys: Sequence[str], views: Sequence[int] | None = None) -> Embedding:
        """The embedding of these samples, side by side, on the CPU, in the dtypes that the teacher returned.

        Args:
            views: which augmentation of each of them; the first for None.

        Raises:
            DataError: there is no such sample or augmentation; a record is damaged.
            ValueError: no key; not as many views as keys.
        """
        if not keys:
            raise ValueError("expected at least one key, found none")
        if views is not None and len(views) != len(keys):
            raise ValueError(f"expected a view for each of {len(keys)} keys, found {len(views)}")
        places = self.places(keys)
        if bool((places == ABSENT).any()):
            self.record(keys[places.tolist().index(ABSENT)])  # raises the error that names it
        drawn = None if views is None else torch.as_tensor(views)
        return rebuild(self.columns(self.under(places, drawn, keys)), self.layout)

    def places(self, keys: Iterable[str]) -> Tensor:
        """[B] long: which of its samples these are, ABSENT for those that it does not hold."""
        return torch.tensor([self.numbers.get(key, ABSENT) for key in keys], dtype=torch.long)

    def under(self, places: Tensor, views: Tensor | None, keys: Sequence[str]) -> Tensor:
        """[B] long: the numbers of the records of these samples under these augmentations, the first for None.

        Args:
            places: of samples that it holds; keys: theirs, for the error.

        Raises:
            DataError: there is no such augmentation.
        """
        if views is None:
            return places if self.views == 1 else places * self.views
        wrong = ((views < 0) | (views >= self.views)).tolist()
        if any(wrong):
            self.record(keys[wrong.index(True)], int(views[wrong.index(True)]))  # raises the error that names it
        return places * self.views + views

    def columns(self, wanted: Sequence[int] | Tensor) -> dict[str, Tensor]:
        """By part: [B, ...] of the records with these numbers. A `range` of records of one length is not copied."""
        if self.table is not None:
            return self.table.columns(wanted)
        return self.records.columns([self._row(number) for number in torch.as_tensor(wanted).tolist()])

    def params(self, key: str, view: int) -> list[Any] | None:
        """What the transforms drew for an augmentation; None where nothing was recorded."""
        shard, row = divmod(self.record(key, view), self.per_shard)
        drawn = self.shards[shard].params
        return None if drawn is None else drawn[row]

    def check(self, number: int) -> None:
        """Compare one record with its checksum, whether or not that was done before."""
        shard, row = divmod(number, self.per_shard)
        if self.table is not None:
            self.table.check(number)
        else:
            self.shards[shard].check(row)

    def _table(self) -> Table | None:
        """The records, where all are equally long."""
        if not self.records.varying:
            return Table(self.folder / RECORDS, self.records, np.concatenate([s.index[:, CRC] for s in self.shards]))
        for shard in self.shards:
            check_size(shard.shard.data, shard.about["bytes"])
        return None

    def _row(self, number: int) -> dict[tuple[str, str], Tensor]:
        shard, row = divmod(number, self.per_shard)
        raw, counts = self.shards[shard].one(row)
        places, _ = self.records.places(counts)
        found = {}
        for part, name, offset, shape in places:
            dtype = part.arrays[name][0]
            count = int(np.prod(shape, dtype=np.int64))
            values = np.frombuffer(raw, NUMPY[dtype], count, offset).reshape(shape)
            found[part.name, name] = as_tensor(values, dtype)
        return found


class _Open:
    """One shard being read. Where it has a file of its own: its map, opened at the first read of a process, and which
    records were checked."""

    def __init__(self, shard: Shard, about: Mapping[str, Any]) -> None:
        self.shard, self.about = shard, about
        stated = shard.sealed()
        if stated != about:
            found = "none" if stated is None else "another one"
            raise DataError(shard.seal, expected="the seal that the manifest holds", found=found)
        self.index = shard.read_index(about)
        self.checked = np.zeros(len(self.index), bool)

    @cached_property
    def map(self) -> Bytes:
        # Copy-on-write: tensors may share the memory without a warning that it cannot be written.
        return np.asarray(np.memmap(self.shard.data, np.uint8, "c"))

    @cached_property
    def params(self) -> list[Any] | None:
        return self.shard.read_params(self.about) if "params" in self.about else None

    def one(self, row: int) -> tuple[Bytes, list[int]]:
        if not self.checked[row]:
            self.check(row)
        offset, length = self.index[row, OFFSET], self.index[row, LENGTH]
        return self.map[offset : offset + length], self.index[row, COUNTS:].tolist()

    def check(self, row: int) -> None:
        offset, length, crc = (int(self.index[row, column]) for column in (OFFSET, LENGTH, CRC))
        if zlib.crc32(self.map[offset : offset + length].data) != crc:
            raise DataError(
                f"{self.shard.data}: record {row}", expected="bytes with its checksum", found="damaged ones"
            )
        self.checked[row] = True

    def __getstate__(self) -> dict[str, Any]:
        """For workers that are spawned: the map is opened anew there."""
        return {k: v for k, v in self.__dict__.items() if k != "map"}


def read_bases(folder: Path, plan: Mapping[str, Any]) -> dict[str, Basis]:
    """By part: the PCA that it was rotated by."""
    lost: Mapping[str, float] = plan["lost_variance"]
    if not lost:
        return {}
    if not (folder / BASES).is_file() or file_digest(folder / BASES) != plan["bases"]:
        raise DataError(folder / BASES, expected="the PCA that the plan states", found="none or another one")
    tensors = read_tensors(folder / BASES)
    return {name: Basis(tensors[f"{name}.mean"], tensors[f"{name}.directions"], share) for name, share in lost.items()}


def read_keys(folder: Path, plan: Mapping[str, Any]) -> list[str]:
    """The keys of the samples, in the order of the records."""
    path = folder / KEYS
    stated = plan["made"]["samples"]["sha256"]
    try:
        raw = path.read_text(encoding="utf-8")
        keys: list[str] = json.loads(raw)
        intact = raw == json.dumps(keys, indent=2) + "\n" and keys_digest(keys) == stated
    except (OSError, ValueError, TypeError, RecursionError):
        intact = False
    if not intact:
        raise DataError(path, expected="the keys of the samples that the manifest states", found="none or other ones")
    return keys


__all__ = ["ABSENT", "BASES", "KEYS", "Store", "read_bases", "read_keys"]
