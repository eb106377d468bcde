"""Records of one length in one file: rows of a table, of which a batch is gathered in one call."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from xmodal.errors import DataError
from xmodal.store.records import NUMPY, Part, Records

Sums = np.ndarray[Any, np.dtype[np.int64]]


class Table:
    """The records of a store in which no part varies.

    Args:
        path: of the file.
        records: how they are laid out.
        sums: [R] the checksum of each.
    """

    def __init__(self, path: Path, records: Records, sums: Sums) -> None:
        self.path, self.records, self.sums = path, records, sums
        places, length = records.places(())
        check_size(path, length * len(sums))
        self.checked, self.whole = np.zeros(len(sums), bool), False
        self.arrays = {
            (part.name, name): _Place.of(part.arrays[name][0], offset, shape) for part, name, offset, shape in places
        }
        self.plain = [(part.name, self.arrays[part.name, ""]) for part in records.parts if records.is_plain(part)]
        self.encoded = [part for part in records.parts if not records.is_plain(part)]

    @cached_property
    def rows(self) -> Tensor:
        """[R, length of a record] bytes, mapped at the first read of a process."""
        # Copy-on-write: torch warns of memory that cannot be written.
        return torch.from_numpy(np.memmap(self.path, np.uint8, "c").reshape(len(self.sums), -1))

    def columns(self, wanted: Sequence[int] | Tensor) -> dict[str, Tensor]:
        """By part: [B, ...] of the records with these numbers; copied out of the file once, for all parts together.

        A `range` is not copied: parts that are kept as they are share the memory of the file, and are not to be written
        to.
        """
        numbers = torch.as_tensor(wanted)
        if not self.whole:
            self._check_all(numbers)
        if isinstance(wanted, range) and wanted.step == 1:
            raw = self.rows[wanted.start : wanted.stop]
        else:
            raw = self.rows.index_select(0, numbers)
        found = {name: place.of_rows(raw) for name, place in self.plain}
        for part in self.encoded:
            found[part.name] = self._decoded(part, raw)
        return found

    def check(self, number: int) -> None:
        """Compare one record with its checksum, whether or not that was done before."""
        if zlib.crc32(self.rows[number].numpy().data) != self.sums[number]:
            raise DataError(f"{self.path}: record {number}", expected="bytes with its checksum", found="damaged ones")
        self.checked[number] = True

    def _check_all(self, numbers: Tensor) -> None:
        """Those that were not checked yet."""
        asked = numbers.numpy()
        for number in asked[~self.checked[asked]].tolist():
            self.check(number)
        self.whole = bool(self.checked.all())

    def _decoded(self, part: Part, raw: Tensor) -> Tensor:
        arrays = {name: self.arrays[part.name, name].of_rows(raw) for name in part.arrays}
        return self.records.decoded(part, arrays)

    def __getstate__(self) -> dict[str, Any]:
        """For workers that are spawned: the file is mapped anew there."""
        return {k: v for k, v in self.__dict__.items() if k != "rows"}


class _Place(NamedTuple):
    """Where one array lies in a record; shape: of one sample."""

    start: int
    end: int
    dtype: torch.dtype
    shape: tuple[int, ...]

    @staticmethod
    def of(dtype: str, offset: int, shape: tuple[int, ...]) -> _Place:
        size = int(np.prod(shape, dtype=np.int64)) * NUMPY[dtype].itemsize
        return _Place(offset, offset + size, getattr(torch, dtype), shape)

    def of_rows(self, raw: Tensor) -> Tensor:
        """[B, ...] of records [B, length], sharing their memory."""
        values = raw[:, self.start : self.end].view(self.dtype)
        return values if len(self.shape) == 1 else values.reshape(len(raw), *self.shape)


def check_size(path: Path, expected: int) -> None:
    """Raises DataError where a file is missing, or shorter or longer than it must be."""
    size = path.stat().st_size if path.is_file() else -1
    if size != expected:
        found = "no such file" if size < 0 else f"{size} bytes"
        raise DataError(path, expected=f"{expected} bytes", found=found)
