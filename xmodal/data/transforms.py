"""Joint transforms that can be replayed, and the edits that keep links and labels true to an edited entry.

A transform draws plain numbers first and edits the sample with nothing but those numbers. Stored beside a cached
teacher output, they give the same pixels and points again, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor

from xmodal.data.sample import Entry, Label, Rows, Sample
from xmodal.errors import ConfigError, DataError

Params = dict[str, Any] | list[Any]
"""What a transform drew: numbers, strings, lists and dicts of them, so that JSON holds it without loss."""


class Transform(Protocol):
    """Edits a sample and tells how: `(sample, params=None, generator=None) -> (sample, params)`.

    With `params` None they are drawn from `generator` (torch's global one if None); otherwise they are replayed.
    The sample that came in, and its tensors, stay as they were.
    """

    def __call__(
        self, sample: Sample, params: Params | None = None, generator: torch.Generator | None = None
    ) -> tuple[Sample, Params]: ...


class EntryTransform:
    """Base of the transforms that edit one entry and everything tied to it.

    A sample that lacks the entry passes unchanged with empty params, because a missing sensor is a usual case.

    Args:
        key: the entry to edit.

    Attributes:
        fields: the names of what `draw` returns; replayed params must have exactly these.
    """

    fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, key: str) -> None:
        self.key = key

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        """Choose the params; all randomness happens here."""
        raise NotImplementedError

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        """Edit the sample; a function of its arguments only."""
        raise NotImplementedError

    def __call__(
        self, sample: Sample, params: Params | None = None, generator: torch.Generator | None = None
    ) -> tuple[Sample, Params]:
        fields = self.fields if self.key in sample.entries else ()
        if params is None:
            params = self.draw(sample, generator) if fields else {}
        elif not isinstance(params, dict) or params.keys() != set(fields):
            where = f"params of {type(self).__name__} for sample {sample.key!r}"
            raise DataError(where, expected=f"a dict with the fields {sorted(fields)}", found=f"{params!r:.80}")
        return (self.apply(sample, params) if fields else sample), params


class Flip(EntryTransform):
    """Base of the transforms that happen with a probability, or not at all."""

    fields = ("flip",)

    def __init__(self, probability: float, key: str) -> None:
        super().__init__(key)
        self.probability = probability

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"flip": chance(self.probability, generator)}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        return self.flipped(sample) if params["flip"] else sample

    def flipped(self, sample: Sample) -> Sample:
        """The sample after it happened."""
        raise NotImplementedError


class Scaling(EntryTransform):
    """Base of the transforms that scale by one factor drawn from [low, high)."""

    fields = ("scale",)

    def __init__(self, low: float, high: float, key: str) -> None:
        super().__init__(key)
        if not 0 < low <= high:
            raise ConfigError(f"{type(self).__name__} needs 0 < low <= high, not low={low}, high={high}")
        self.low, self.high = low, high

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"scale": uniform(self.low, self.high, generator)}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        return self.scaled(sample, float(params["scale"]))

    def scaled(self, sample: Sample, factor: float) -> Sample:
        """The sample with its entry scaled by `factor`."""
        raise NotImplementedError


class Compose:
    """Transforms one after the other; the params are the list of theirs."""

    def __init__(self, transforms: Sequence[Transform]) -> None:
        self.transforms = tuple(transforms)

    def __call__(
        self, sample: Sample, params: Params | None = None, generator: torch.Generator | None = None
    ) -> tuple[Sample, Params]:
        count = len(self.transforms)
        if params is not None and (not isinstance(params, list) or len(params) != count):
            where = f"params of Compose for sample {sample.key!r}"
            raise DataError(where, expected=f"a list, one item for each of {count} transforms", found=f"{params!r:.80}")
        drawn: list[Any] = []
        for number, transform in enumerate(self.transforms):
            sample, one = transform(sample, None if params is None else params[number], generator)
            drawn.append(one)
        return sample, drawn


class SameDraw:
    """Several transforms edit a sample with one draw: what the first draws, the others replay.

    For entries that lie pixel on pixel, such as a colour and a thermal camera behind one lens. A sample without the
    entry of the first passes unchanged.

    Args:
        transforms: their params have the same fields.
    """

    def __init__(self, transforms: Sequence[EntryTransform]) -> None:
        self.transforms = tuple(transforms)

    def __call__(
        self, sample: Sample, params: Params | None = None, generator: torch.Generator | None = None
    ) -> tuple[Sample, Params]:
        first, *others = self.transforms
        sample, drawn = first(sample, params, generator)
        for transform in others:
            if drawn and transform.key in sample.entries:
                sample, _ = transform(sample, drawn)
        return sample, drawn


def uniform(low: float, high: float, generator: torch.Generator | None) -> float:
    """One float drawn uniformly from [low, high)."""
    return low + (high - low) * float(torch.rand((), generator=generator, dtype=torch.float64))


def chance(probability: float, generator: torch.Generator | None) -> bool:
    """True with the given probability."""
    return uniform(0, 1, generator) < probability


def drop_some(count: int, probability: float, generator: torch.Generator | None) -> list[int]:
    """Which of `count` things to drop, each with the given probability, but never all of them."""
    dropped = [i for i in range(count) if chance(probability, generator)]
    if len(dropped) == count:
        dropped.remove(int(uniform(0, count, generator)))
    return dropped


def draw_seed(generator: torch.Generator | None) -> int:
    """A seed that stands in params for noise too large to store."""
    return int(torch.randint(2**31, (), generator=generator))


def seeded(seed: int) -> torch.Generator:
    """The generator that replays the noise of `seed`."""
    return torch.Generator().manual_seed(seed)


def rows_of(sample: Sample, key: str) -> Tensor:
    """The values [E, F] of the set `key`; a DataError if that entry is a plain tensor."""
    entry = sample.entries[key]
    if not isinstance(entry, Rows):
        raise DataError(f"entry {key!r} of {sample.key!r}", expected="a set (Rows)", found="a plain tensor")
    return entry.values


def set_entry(sample: Sample, key: str, entry: Entry) -> Sample:
    """The sample with another value for the entry `key`."""
    return replace(sample, entries={**sample.entries, key: entry})


def map_links_into(sample: Sample, key: str, change: Callable[[Tensor], Tensor]) -> Sample:
    """Apply `change` [E, k] -> [E, k] to the coordinates of every link that points into the entry `key`."""
    return _map_links(sample, lambda a, b: b == key, change)


def map_links_from(sample: Sample, key: str, change: Callable[[Tensor], Tensor]) -> Sample:
    """Apply `change` [E, k] -> [E', k] to every link that starts at the entry `key`."""
    return _map_links(sample, lambda a, b: a == key, change)


def map_labels(sample: Sample, key: str, change: Callable[[Tensor], Tensor]) -> Sample:
    """Apply `change` to every label that is given in the space of the entry `key`."""
    labels: dict[str, Label] = dict(sample.labels)
    for task, label in sample.labels.items():
        if isinstance(label, Mapping) and key in label:
            dense = label[key]
            edited = Rows(change(dense.values)) if isinstance(dense, Rows) else change(dense)
            labels[task] = {**label, key: edited}
    return replace(sample, labels=labels)


def keep_rows(sample: Sample, key: str, keep: Tensor) -> Sample:
    """Drop elements of the set `key`, with the links and labels that start at them.

    A label map (a plain tensor: what a cloud shows from above) is not of single elements and stays.

    Args:
        keep: [E] bool.
    """

    kept = keep.nonzero().squeeze(1)

    def select(values: Tensor) -> Tensor:
        if len(values) != len(keep):
            where = f"a link or label of {key!r} in sample {sample.key!r}"
            raise DataError(where, expected=f"{len(keep)} rows, as the entry has", found=f"{len(values)}")
        return values.index_select(0, kept)

    sample = set_entry(sample, key, Rows(select(rows_of(sample, key))))
    labels: dict[str, Label] = dict(sample.labels)
    for task, label in sample.labels.items():
        dense = label.get(key) if isinstance(label, Mapping) else None
        if isinstance(label, Mapping) and isinstance(dense, Rows):
            labels[task] = {**label, key: Rows(select(dense.values))}
    return map_links_from(replace(sample, labels=labels), key, select)


def _map_links(sample: Sample, chosen: Callable[[str, str], bool], change: Callable[[Tensor], Tensor]) -> Sample:
    links = {(a, b): Rows(change(rows.values)) if chosen(a, b) else rows for (a, b), rows in sample.links.items()}
    return replace(sample, links=links)
