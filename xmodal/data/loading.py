"""Items in a given order, read here or ahead by worker processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, TypeVar

import torch
from torch.utils.data import DataLoader, Dataset

from xmodal.errors import XmodalError

T_co = TypeVar("T_co", covariant=True)


class Numbered(Protocol[T_co]):
    """What has an item for each number."""

    def __getitem__(self, number: int, /) -> T_co: ...


def in_order(items: Numbered[T_co], numbers: Sequence[int], *, workers: int, pinned: bool = False) -> Iterator[T_co]:
    """The items with these numbers.

    Args:
        workers: processes that read ahead; 0 reads each item when it is asked for.
        pinned: in memory that a GPU copies from by itself.

    Raises:
        XmodalError: what reading an item raised, in whichever process.
    """
    if not workers:
        for number in numbers:
            item: Any = items[number]
            yield item.pin_memory() if pinned else item
        return
    loader: DataLoader[Any] = DataLoader(
        _Safe(items),
        sampler=numbers,
        batch_size=None,
        num_workers=workers,
        collate_fn=_as_it_is,
        generator=torch.Generator(),  # its own, so that the global random state does not depend on the loader
        pin_memory=pinned,
    )
    for item in loader:
        if isinstance(item, XmodalError):
            raise item
        yield item


class _Safe(Dataset[Any]):
    """Hands errors on as values: a worker process would turn them into another error with a traceback."""

    def __init__(self, items: Numbered[Any]) -> None:
        self.items = items

    def __getitem__(self, number: int) -> Any:
        try:
            return self.items[number]
        except XmodalError as error:
            return error


def _as_it_is(item: Any) -> Any:
    return item
