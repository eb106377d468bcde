"""A batch: samples side by side; sets of unequal size lie one after the other (`Ragged`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from xmodal.data.sample import Rows, Sample
from xmodal.errors import DataError

LONG = 512
"""Rows a sample, on average, from which copying sample by sample beats copying row by row."""


@lru_cache(maxsize=64)
def everyone(count: int, device: torch.device) -> Tensor:
    """[count] bool, all True: one tensor for all who ask, not to be written to."""
    with torch.inference_mode(False):  # a loss may ask for it later, and must be able to keep it for its gradient
        return torch.ones(count, dtype=torch.bool, device=device)


@dataclass(frozen=True, slots=True)
class Ragged:
    """Rows of unequal number: values [sum(lengths), ...], lengths [B]."""

    values: Tensor
    lengths: Tensor

    def sample(self) -> Tensor:
        """[sum(lengths)]: the sample that each row belongs to."""
        rows = torch.arange(len(self.lengths), device=self.values.device)
        return torch.repeat_interleave(rows, self.lengths, output_size=len(self.values))

    def position(self) -> Tensor:
        """[sum(lengths)]: the place of each row inside its sample."""
        start = self.lengths.cumsum(0) - self.lengths
        return torch.arange(len(self.values), device=self.values.device) - start[self.sample()]

    def padded(self, fill: float = 0) -> tuple[Tensor, Tensor]:
        """([B, longest, ...], [B, longest] bool): the same rows in a rectangle, `fill` where there is none."""
        longest = int(self.lengths.max()) if len(self.lengths) else 0
        place = torch.arange(longest, device=self.values.device)
        valid = place < self.lengths.unsqueeze(1)
        if len(self.values) > LONG * len(self.lengths) > 0:
            parts = list(torch.split(self.values, self.lengths.tolist()))
            return pad_sequence(parts, batch_first=True, padding_value=fill), valid
        out = self.values.new_full((*valid.shape, *self.values.shape[1:]), fill)
        out[valid] = self.values
        return out, valid

    def rows(self, index: Tensor) -> Ragged:
        """The samples named by index [b], in that order."""
        parts = torch.split(self.values, self.lengths.tolist())
        return Ragged(torch.cat([parts[i] for i in index.tolist()]), self.lengths[index])


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples side by side. Field meanings as in `Sample`; tensors start with B, sets are `Ragged`.

    Attributes:
        labelled: by task: [B] bool. Rows of `labels` without a label hold "ignore" values.
        present: by entry: [B] bool. Where it is False the entry's row is a placeholder that no model may read.
        index: [B] long: the sample's number in its data set.
        view: [B] long: which of a sample's recorded augmentations it shows; None where nothing is recorded.
        all_present, all_labelled: the entries and tasks that are known, without asking a tensor on some device, to be
            there for every sample.
    """

    keys: tuple[str, ...]
    entries: Mapping[str, Tensor | Ragged]
    index: Tensor
    links: Mapping[tuple[str, str], Ragged] = field(default_factory=dict)
    labels: Mapping[str, Any] = field(default_factory=dict)
    labelled: Mapping[str, Tensor] = field(default_factory=dict)
    present: Mapping[str, Tensor] = field(default_factory=dict)
    view: Tensor | None = None
    all_present: frozenset[str] = frozenset()
    all_labelled: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, key: str) -> Tensor | Ragged:
        if key not in self.entries:
            raise DataError(f"entry {key!r}", expected=f"one of {sorted(self.entries)}", found="no such entry")
        return self.entries[key]

    def tensor(self, key: str) -> Tensor:
        """The entry as a tensor [B, ...]; a DataError if it is a set."""
        entry = self[key]
        if not isinstance(entry, Tensor):
            raise DataError(f"entry {key!r}", expected="a tensor [B, ...]", found="a set of unequal size")
        return entry

    def ragged(self, key: str) -> Ragged:
        """The entry as a set; a DataError if it is a tensor."""
        entry = self[key]
        if not isinstance(entry, Ragged):
            raise DataError(f"entry {key!r}", expected="a set (Rows)", found="a plain tensor")
        return entry

    def only(self, keys: Iterable[str]) -> Batch:
        """The batch with no entries but these, no links and no labels: what a deployed model is fed."""
        keep = set(keys)
        entries = {k: v for k, v in self.entries.items() if k in keep}
        present = {k: v for k, v in self.present.items() if k in keep}
        bare = replace(self, links={}, labels={}, labelled={}, all_labelled=frozenset())
        return replace(bare, entries=entries, present=present, all_present=self.all_present & keep)

    def has(self, keys: Iterable[str]) -> Tensor:
        """[B] bool: the samples that have all of these entries."""
        found = everyone(len(self), self.index.device)
        for key in keys:
            if key not in self.entries:
                return torch.zeros_like(found)
            if key not in self.all_present:
                found = found & self.present.get(key, found)
        return found

    def has_all(self, keys: Iterable[str]) -> bool:
        """Whether every sample is known to have all of these entries."""
        return self.all_present.issuperset(keys)

    def pin_memory(self) -> Batch:
        """In page-locked memory, from which copies to a GPU can overlap with work; the DataLoader calls this."""
        return _map(self, Tensor.pin_memory, lambda r: Ragged(r.values.pin_memory(), r.lengths.pin_memory()))

    def rows(self, index: Tensor) -> Batch:
        """The samples named by index [b], in that order."""
        moved = _map(self, lambda t: t[index], lambda r: r.rows(index))
        return replace(moved, keys=tuple(self.keys[i] for i in index.tolist()))

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Batch:
        """The batch with every tensor on `device`; itself where they are there already."""
        if self.index.device == torch.device(device):
            return self

        def move(t: Tensor) -> Tensor:
            return t.to(device, non_blocking=non_blocking)

        return _map(self, move, lambda r: Ragged(move(r.values), move(r.lengths)))


def _map(batch: Batch, tensor: Callable[[Tensor], Tensor], ragged: Callable[[Ragged], Ragged]) -> Batch:
    def change(value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, Ragged):
            return ragged(value)
        if isinstance(value, Mapping):
            return {k: change(v) for k, v in value.items()}
        return tensor(value)

    names = ("entries", "index", "links", "labels", "labelled", "present", "view")
    return replace(batch, **{name: change(getattr(batch, name)) for name in names})


def collate(samples: Sequence[Sample], index: Sequence[int] | None = None, view: Sequence[int] | None = None) -> Batch:
    """Put samples side by side.

    An entry or label that only some samples have is filled with a placeholder (zeros, no rows, "ignore") and marked
    in `present` or `labelled`.
    """
    if not samples:
        raise DataError("batch", expected="at least one sample", found="none")
    entries, present = _columns([s.entries for s in samples], fill_label=False)
    labels, labelled = _columns([s.labels for s in samples], fill_label=True)
    links, _ = _columns([s.links for s in samples], fill_label=False)
    numbers = range(len(samples)) if index is None else index
    return Batch(
        keys=tuple(s.key for s in samples),
        entries=entries,
        index=torch.tensor(list(numbers)),
        links=links,
        labels=labels,
        labelled=labelled,
        present=present,
        view=None if view is None else torch.tensor(list(view)),
        all_present=_in_all([s.entries for s in samples]),
        all_labelled=_in_all([s.labels for s in samples]),
    )


def _in_all(rows: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset.intersection(*(frozenset(row) for row in rows))


def _columns(rows: Sequence[Mapping[Any, Any]], *, fill_label: bool) -> tuple[dict[Any, Any], dict[Any, Tensor]]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    values = {name: _stack(name, [row.get(name) for row in rows], fill_label) for name in names}
    has = {name: torch.tensor([name in row for row in rows]) for name in names}
    return values, has


def _stack(name: Any, values: Sequence[Any], fill_label: bool) -> Any:
    like = next(v for v in values if v is not None)
    if isinstance(like, Mapping):
        inner = [v if v is not None else {} for v in values]
        return _columns(inner, fill_label=fill_label)[0]
    if isinstance(like, Rows):
        parts = [like.values[:0] if v is None else v.values for v in values]
        kinds = sorted({str(part.dtype) for part in parts})
        if len(kinds) > 1:  # torch.cat would turn text into ids, and integers into fractions
            raise DataError(f"entry {name!r}", expected="one dtype for all samples of a batch", found=", ".join(kinds))
        return Ragged(torch.cat(parts), torch.tensor([len(p) for p in parts]))
    shapes = {tuple(v.shape) for v in values if v is not None}
    if len(shapes) > 1:
        raise DataError(f"entry {name!r}", expected="one shape for all samples of a batch", found=f"{sorted(shapes)}")
    fill = (-1 if not like.is_floating_point() else float("nan")) if fill_label else 0
    return torch.stack([torch.full_like(like, fill) if v is None else v for v in values])
