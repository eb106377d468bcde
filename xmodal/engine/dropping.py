"""What a model that takes several inputs is worth when some of them are missing at test time.

Protocol: an entry that is dropped is absent from the batch (`present` False), as if its sensor had not been there; no
zeros are passed in its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from xmodal.adapter import Model
from xmodal.errors import ConfigError, unknown

MOST = 6
"""Inputs of which every subset is scored: 63 rows."""


def subsets(model: Model, drop: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The entries that are kept, nothing dropped first.

    Args:
        drop: ("all",) for every subset that leaves something, or the entries to drop together.

    Raises:
        ConfigError: the model needs all of its entries, or has no entry of that name, or would keep none.
    """
    name = type(model.adapter).__name__
    if not model.partial or len(model.inputs) < 2:
        raise ConfigError(
            f"--drop: {name} needs all of its entries ({', '.join(model.inputs)}); only a model of several inputs "
            f"that allows absence, such as fusion, can be scored without some"
        )
    yield tuple(model.inputs)
    if tuple(drop) == ("all",):
        if len(model.inputs) > MOST:
            raise ConfigError(f"--drop all: at most {MOST} entries, {name} has {len(model.inputs)}; name those to drop")
        for count in range(1, len(model.inputs)):
            for dropped in combinations(model.inputs, count):
                yield _without(model, dropped)
        return
    for key in drop:
        if key not in model.inputs:
            raise unknown("entry for --drop", key, model.inputs)
    if not _without(model, drop):
        raise ConfigError(f"--drop: nothing is left of {', '.join(model.inputs)}")
    yield _without(model, drop)


def _without(model: Model, dropped: Sequence[str]) -> tuple[str, ...]:
    return tuple(key for key in model.inputs if key not in dropped)
