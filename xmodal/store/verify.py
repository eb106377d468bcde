"""Checks every byte of a store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from xmodal.errors import DataError
from xmodal.store.reader import Store


def faults(folder: Path, report: Callable[[int, int], None] | None = None) -> list[str]:
    """What is wrong with a store, a line each; nothing for a sound one.

    A damaged manifest, index or list of keys ends the search, as nothing behind it can be trusted.
    """
    try:
        store = Store(folder)
    except DataError as error:
        return [str(error)]
    found = []
    for number, shard in enumerate(store.shards):
        try:
            shard.params  # noqa: B018 (reading it checks it)
        except DataError as error:
            found.append(str(error))
        first = number * store.per_shard
        for record in range(first, first + len(shard.index)):
            try:
                store.check(record)
            except DataError as error:
                found.append(str(error))
        if report:
            report(number + 1, len(store.shards))
    return found
