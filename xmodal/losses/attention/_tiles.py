"""Walks over a pair of attention maps in tiles that stay in the cache."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from xmodal.losses.attention._maps import BITS, AttentionMap, Sight
from xmodal.losses.attention._threads import worthwhile_shares

ENTRIES = 2**17
"""Three tiles of float32 fill three quarters of the 2 MiB that a core of today keeps to itself."""
ROWS = 256

At = tuple[slice, slice]
"""(groups, queries) or (groups, keys) to index with."""


@dataclass(frozen=True, slots=True)
class Grid:
    """How [G, Nq, Nk] is cut: so many groups, queries and keys a tile."""

    groups: int
    rows: int
    columns: int

    @staticmethod
    def of(like: AttentionMap) -> Grid:
        groups, queries, keys = *like.query.shape[:2], like.key.shape[1]
        rows = max(1, min(ROWS, queries))
        columns = max(1, min(ENTRIES // rows, keys))
        return Grid(max(1, min(ENTRIES // (rows * columns), groups)), rows, columns)


@dataclass(frozen=True, slots=True)
class Share:
    """The query tiles of one thread, and whether other threads meet the same keys."""

    query_tiles: list[At]
    keys_shared: bool


def shares(like: AttentionMap, sight: Sight) -> list[Share]:
    """All query tiles, dealt out to threads: by groups where there are several tiles of them, otherwise by queries."""
    grid, (groups, queries, _) = Grid.of(like), like.query.shape
    logits = groups * queries * like.key.shape[1] // (1 if sight.last is None else 2)
    per_group = [
        [
            (slice(g, min(g + grid.groups, groups)), slice(i, min(i + grid.rows, queries)))
            for i in range(0, queries, grid.rows)
        ]
        for g in range(0, groups, grid.groups)
    ]
    by_queries = len(per_group) == 1
    units = [[at] for at in per_group[0]] if by_queries else per_group
    count = max(1, min(worthwhile_shares(logits, like.query), len(units)))
    dealt = [[at for unit in units[n::count] for at in unit] for n in range(count)]
    return [Share(tiles, by_queries and count > 1) for tiles in dealt]


@dataclass(frozen=True, slots=True)
class KeyTile:
    """Consecutive keys as one query tile meets them.

    Attributes:
        at: (groups, keys) to index with.
        counts: [g, n] bool, None if all keys count.
        hidden: [g or 1, m or 1, n], what is added to logits: -inf where a query may not see a key, 0 elsewhere; None
            if nothing is hidden. Adding takes a twentieth of the time of masked_fill_.
    """

    at: At
    counts: Tensor | None
    hidden: Tensor | None


class Tiles:
    """Multiplies tiles of queries and keys into buffers that are used again and again.

    Args:
        like: a map, for the sizes and the device.
        sight: which keys count; what nobody sees is not visited.
        dtype: of the computation.
        buffers: how many products are needed at a time.
    """

    def __init__(self, like: AttentionMap, sight: Sight, dtype: torch.dtype, *, buffers: int) -> None:
        self.grid, self.keys = Grid.of(like), like.key.shape[1]
        self.sight, self.dtype = sight, dtype
        self.buffers = like.query.new_empty(buffers, self.grid.groups * self.grid.rows * self.grid.columns, dtype=dtype)
        self.views: dict[tuple[int, tuple[int, ...]], Tensor] = {}

    def key_tiles(self, at: At) -> Iterator[KeyTile]:
        """The tiles of keys of which the queries `at` may see any."""
        groups, queries = at
        last = self.sight.last
        end = self.keys if last is None else min(self.keys, queries.stop + last)
        for j in range(0, end, self.grid.columns):
            keys = slice(j, min(j + self.grid.columns, end))
            counts = None if self.sight.keys is None else self.sight.keys[groups, keys]
            if counts is not None and not counts.any():
                continue
            counts = None if counts is None or counts.all() else counts
            yield KeyTile((groups, keys), counts, self._hidden(queries, keys, counts))

    def _hidden(self, queries: slice, keys: slice, counts: Tensor | None) -> Tensor | None:
        hidden = None
        if counts is not None:
            hidden = torch.where(counts.unsqueeze(1), 0, self.buffers.new_tensor(-math.inf))  # [g, 1, n]
        last = self.sight.last
        if last is None or keys.stop - 1 <= queries.start + last:
            return hidden
        shape = (1, queries.stop - queries.start, keys.stop - keys.start)
        future = self.buffers.new_full(shape, -math.inf).triu_(queries.start + last - keys.start + 1)
        return future if hidden is None else hidden + future

    def query(self, of: AttentionMap, at: At) -> Tensor:
        """[g, m, D] queries times the scale, so that products with keys are logits in bits."""
        return of.query[at].to(self.dtype) * (BITS * of.scale)

    def key(self, of: AttentionMap, tile: KeyTile) -> Tensor:
        """[g, n, D] keys, zeros where they do not count: a NaN there must not leak."""
        key = of.key[tile.at].to(self.dtype)
        return key if tile.counts is None else torch.where(tile.counts.unsqueeze(-1), key, 0)

    def product(self, buffer: int, query: Tensor, key: Tensor) -> Tensor:
        """[g, m, n] = query key^T, in a buffer that the next call with this number overwrites."""
        out = self.spare(buffer, (query.shape[0], query.shape[1], key.shape[1]))
        return torch.bmm(query, key.transpose(1, 2), out=out)

    def spare(self, buffer: int, shape: tuple[int, ...]) -> Tensor:
        """A buffer seen in a shape."""
        if (buffer, shape) not in self.views:
            self.views[buffer, shape] = self.buffers[buffer, : math.prod(shape)].view(shape)
        return self.views[buffer, shape]
