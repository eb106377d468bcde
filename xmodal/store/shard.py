"""One piece of a store: its records, where each lies and its checksum in a file, and a seal over both.

Records of one length lie in one file for all shards, each shard's at its place; else a shard has a file of its own.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from xmodal.errors import DataError
from xmodal.files import write_atomic, write_into, write_json
from xmodal.store.manifest import file_digest, read_sealed, write_sealed

RECORDS = "records.bin"
"""The file of all records, where they are equally long."""
OFFSET, LENGTH, CRC, COUNTS = 0, 1, 2, 3
"""Columns of an index; the rows of each varying part follow. Offsets are counted from the shard's first byte."""
Index = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Shard:
    """The files of one shard.

    Attributes:
        folder: of the store; number: counted from 0.
        start: where its first byte lies in the file of all records; None where it has a file of its own.
    """

    folder: Path
    number: int
    start: int | None = None

    @property
    def data(self) -> Path:
        return self.folder / (RECORDS if self.start is not None else f"shard-{self.number:05d}.bin")

    @property
    def index(self) -> Path:
        return self.folder / f"shard-{self.number:05d}.npy"

    @property
    def params(self) -> Path:
        return self.folder / f"shard-{self.number:05d}.params.json"

    @property
    def seal(self) -> Path:
        """Written last: where it is, the shard is whole."""
        return self.folder / f"shard-{self.number:05d}.json"

    def write(
        self, records: Sequence[bytes], counts: Sequence[Sequence[int]], params: Sequence[Any] | None, plan: str
    ) -> None:
        """Everything, then the seal.

        Args:
            records: of the samples, in their order; counts: the rows of their varying parts.
            params: what was drawn for each recorded augmentation; None where nothing is recorded.
            plan: the digest of the store's plan.
        """
        lengths = np.array([len(record) for record in records], np.int64)
        offsets = np.cumsum(lengths) - lengths
        sums = np.array([zlib.crc32(record) for record in records], np.int64)
        rows = np.array(counts, np.int64).reshape(len(records), -1)
        index = np.concatenate([np.stack([offsets, lengths, sums], 1), rows], 1)
        if self.start is None:
            write_atomic(self.data, lambda part: _write_all(part, records))
        else:
            write_into(self.data, self.start, records)
        write_atomic(self.index, lambda part: _write_index(part, index))
        about = {"plan": plan, "records": len(records), "bytes": int(lengths.sum()), "index": file_digest(self.index)}
        if params is not None:
            write_json(self.params, list(params))
            about["params"] = file_digest(self.params)
        write_sealed(self.seal, about)

    def stands(self, plan: str) -> bool:
        """Whether it is written, whole as far as sizes and digests of the small files tell, and of this plan."""
        try:
            about = self.sealed()
            if about is None or about["plan"] != plan:
                return False
            self.read_index(about)
            if "params" in about:
                _check_digest(self.params, about["params"])
        except DataError:
            return False
        size = self.data.stat().st_size if self.data.is_file() else -1
        written = int(about["bytes"])
        return size == written if self.start is None else size >= self.start + written

    def sealed(self) -> dict[str, Any] | None:
        """What the seal says; None where the shard is not finished."""
        return read_sealed(self.seal) if self.seal.is_file() else None

    def read_index(self, about: Mapping[str, Any]) -> Index:
        """[R, 3 + varying parts].

        Raises:
            DataError: the file is missing or damaged.
        """
        _check_digest(self.index, about["index"])
        index: Index = np.load(self.index, allow_pickle=False)
        return index

    def read_params(self, about: Mapping[str, Any]) -> list[Any]:
        """What was drawn for each record."""
        _check_digest(self.params, about["params"])
        params: list[Any] = json.loads(self.params.read_bytes())
        return params


def _write_all(path: Path, records: Sequence[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(records)


def _write_index(path: Path, index: Index) -> None:
    with path.open("wb") as file:
        np.save(file, index, allow_pickle=False)


def _check_digest(path: Path, stated: str) -> None:
    if not path.is_file():
        raise DataError(path, expected="a file of a teacher store", found="no such file")
    if file_digest(path) != stated:
        raise DataError(path, expected="a file with the sha256 in its seal", found="a file that is damaged")
