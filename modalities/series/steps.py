"""What counts as a series, and how an edit of its steps reaches all that is tied to them."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import map_labels, map_links_from, set_entry
from xmodal.errors import DataError


def steps_of(sample: Sample, key: str) -> Tensor:
    """The values [T, C] of the entry `key`, be it a tensor or Rows; a DataError if it is something else."""
    entry = sample.entries[key]
    values = entry.values if isinstance(entry, Rows) else entry
    if values.ndim != 2 or not values.is_floating_point():
        found = f"{values.dtype} {list(values.shape)}"
        raise DataError(f"entry {key!r} of {sample.key!r}", expected="a series of floats [T, C]", found=found)
    return values


def set_steps(sample: Sample, key: str, values: Tensor) -> Sample:
    """The sample with other values [T, C] in the entry `key`; Rows stay Rows."""
    return set_entry(sample, key, Rows(values) if isinstance(sample.entries[key], Rows) else values)


def move_steps(sample: Sample, key: str, values: Tensor, select: Callable[[Tensor], Tensor]) -> Sample:
    """`set_steps`, and `select` [T, ...] -> [T', ...] for the labels and links that have one row a step."""
    count = len(steps_of(sample, key))

    def checked(rows: Tensor) -> Tensor:
        if len(rows) != count:
            where = f"a link or label of {key!r} in sample {sample.key!r}"
            raise DataError(where, expected=f"{count} rows, one a step", found=f"{len(rows)}")
        return select(rows)

    return map_labels(map_links_from(set_steps(sample, key, values), key, checked), key, checked)
