"""The bytes of one sample's record: every array at a fixed place, or behind the ones before it where lengths differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xmodal.errors import DataError
from xmodal.store.encodings import Basis, Form, decode, encode
from xmodal.store.rows import Row, padded

ALIGN, RECORD_ALIGN = 16, 64
NUMPY: dict[str, np.dtype[Any]] = {
    "float32": np.dtype("<f4"),
    "float16": np.dtype("<f2"),
    "float64": np.dtype("<f8"),
    "bfloat16": np.dtype("<i2"),  # its bits, as numpy has no such type
    "int8": np.dtype("i1"),
    "int32": np.dtype("<i4"),
    "int64": np.dtype("<i8"),
    "uint8": np.dtype("u1"),
    "bool": np.dtype("?"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One tensor of an embedding, and how it is kept.

    Attributes:
        name: its path, "tokens.x".
        dtype: what the teacher returned.
        shape: of one sample; -1 in front where samples differ.
        form: None for what is kept as it is (masks, places, token numbers).
        arrays: by name: dtype and shape on disk.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    form: Form | None
    arrays: Mapping[str, tuple[str, tuple[int, ...]]]

    @property
    def varies(self) -> bool:
        return self.shape[:1] == (-1,)

    def plain(self) -> dict[str, Any]:
        form = None if self.form is None else {"kind": self.form.kind, "pca": self.form.pca, "top": self.form.top}
        arrays = {name: [dtype, list(shape)] for name, (dtype, shape) in self.arrays.items()}
        return {"name": self.name, "dtype": self.dtype, "shape": list(self.shape), "form": form, "arrays": arrays}

    @staticmethod
    def of_plain(value: Mapping[str, Any]) -> Part:
        form = None if value["form"] is None else Form(**value["form"])
        arrays = {name: (dtype, tuple(shape)) for name, (dtype, shape) in value["arrays"].items()}
        return Part(value["name"], value["dtype"], tuple(value["shape"]), form, arrays)


def part_of(name: str, value: Tensor, *, varies: bool, form: Form | None, basis: Basis | None) -> Part:
    """The plan of one tensor, from that of any one sample [...]."""
    dtype, shape = _name_of(value.dtype), tuple(value.shape)
    if form is not None and form.kind == "same":
        form = Form(dtype if dtype in ("float16", "bfloat16") else "float32", form.pca, form.top)
    arrays = sorted(_arrays(value, form, basis, name).items())  # as a plan that was read from JSON has them
    described = {n: (_name_of(a.dtype), (-1, *a.shape[1:]) if varies else tuple(a.shape)) for n, a in arrays}
    return Part(name, dtype, (-1, *shape[1:]) if varies else shape, form, described)


def _arrays(value: Tensor, form: Form | None, basis: Basis | None, where: str) -> dict[str, Tensor]:
    if form is not None:
        return encode(value, form, basis, where)
    return {"": value.to(torch.int32) if value.dtype == torch.int64 else value}


@dataclass(frozen=True, slots=True)
class Records:
    """How rows become bytes and bytes become tensors.

    Attributes:
        parts: in the order in which they lie in a record.
        bases: by part: the PCA that it was rotated by.
    """

    parts: tuple[Part, ...]
    bases: Mapping[str, Basis]

    @property
    def varying(self) -> list[Part]:
        return [part for part in self.parts if part.varies]

    def places(self, counts: Sequence[int]) -> tuple[list[tuple[Part, str, int, tuple[int, ...]]], int]:
        """(part, array, offset in bytes, shape) of each array of a record whose varying parts have `counts` rows,
        and the length of the record."""
        found, offset, rows = [], 0, iter(counts)
        for part in self.parts:
            count = next(rows) if part.varies else None
            for name, (dtype, shape) in part.arrays.items():
                whole = shape if count is None else (count, *shape[1:])
                found.append((part, name, offset, whole))
                size = int(np.prod(whole, dtype=np.int64)) * NUMPY[dtype].itemsize
                offset += -(-size // ALIGN) * ALIGN
        return found, -(-max(offset, 1) // RECORD_ALIGN) * RECORD_ALIGN

    def to_bytes(self, row: Row, where: str) -> tuple[bytes, list[int]]:
        """The record of one sample, and the number of rows of each varying part.

        Raises:
            DataError: a part has another shape than those of the samples before; a number is not finite.
        """
        for part in self.parts:
            found = tuple(row[part.name].shape)
            if found[1:] != part.shape[1:] or (not part.varies and found != part.shape):
                raise DataError(f"{where}: {part.name}", expected=f"shape {list(part.shape)}", found=f"{list(found)}")
        counts = [row[part.name].shape[0] for part in self.varying]
        places, size = self.places(counts)
        record = bytearray(size)
        arrays: dict[str, dict[str, Tensor]] = {
            part.name: _arrays(row[part.name], part.form, self.bases.get(part.name), f"{where}: {part.name}")
            for part in self.parts
        }
        for part, name, offset, _ in places:
            content = _bytes(arrays[part.name][name])
            record[offset : offset + len(content)] = content
        return bytes(record), counts

    def table(self, columns: Mapping[str, Tensor], keys: Sequence[str]) -> list[bytes]:
        """The records of several samples side by side, where no part varies.

        Raises:
            DataError: a part has another shape than those before; a number is not finite.
        """
        places, size = self.places(())
        raw = np.zeros((len(keys), size), np.uint8)
        arrays: dict[str, dict[str, Tensor]] = {}
        for part in self.parts:
            value = columns[part.name].detach().cpu()
            if tuple(value.shape[1:]) != part.shape:
                found = f"{list(value.shape[1:])}"
                raise DataError(f"sample {keys[0]!r}: {part.name}", expected=f"shape {list(part.shape)}", found=found)
            if value.is_floating_point() and part.form is not None:
                bad = (~torch.isfinite(value.flatten(1)).all(1)).nonzero()
                first = keys[int(bad[0])] if len(bad) else keys[0]
                arrays[part.name] = _arrays(
                    value, part.form, self.bases.get(part.name), f"teacher's output for sample {first!r}: {part.name}"
                )
            else:
                arrays[part.name] = _arrays(value, part.form, None, part.name)
        for part, name, offset, _ in places:
            content = _raw(arrays[part.name][name]).reshape(len(keys), -1).view(np.uint8)
            raw[:, offset : offset + content.shape[1]] = content
        return [row.tobytes() for row in raw]

    def columns(self, rows: Sequence[Mapping[tuple[str, str], Tensor]]) -> dict[str, Tensor]:
        """Decoded parts [B, longest, ...], in the dtypes of the teacher, from the arrays of each sample."""
        return {
            part.name: self.decoded(
                part, {name: padded([row[part.name, name] for row in rows], part.name) for name in part.arrays}
            )
            for part in self.parts
        }

    def again(self, part: Part, value: Tensor) -> Tensor:
        """One sample's part as it will be read back."""
        arrays = _arrays(value, part.form, self.bases.get(part.name), part.name)
        return self.decoded(part, {name: array.unsqueeze(0) for name, array in arrays.items()}).squeeze(0)

    def is_plain(self, part: Part) -> bool:
        """Whether its bytes on disk are those that the teacher returned."""
        return set(part.arrays) == {""} and part.arrays[""][0] == part.dtype and part.name not in self.bases

    def decoded(self, part: Part, arrays: Mapping[str, Tensor]) -> Tensor:
        """One part of several samples side by side."""
        dtype: torch.dtype = getattr(torch, part.dtype)
        if part.form is None or (set(arrays) == {""} and part.name not in self.bases):
            return arrays[""].to(dtype)
        return decode(arrays, part.form, self.bases.get(part.name), part.shape[-1]).to(dtype)


def as_tensor(raw: np.ndarray[Any, Any], dtype: str) -> Tensor:
    """An array as a tensor that shares its memory."""
    tensor = torch.from_numpy(raw)
    return tensor.view(torch.bfloat16) if dtype == "bfloat16" else tensor


def _bytes(value: Tensor) -> bytes:
    return _raw(value).tobytes()


def _raw(value: Tensor) -> np.ndarray[Any, Any]:
    flat = value.contiguous()
    raw: np.ndarray[Any, Any] = (flat.view(torch.int16) if flat.dtype == torch.bfloat16 else flat).numpy()
    return raw


def _name_of(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
