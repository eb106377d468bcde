"""Walks over a pair of attention maps in tiles that stay in the cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from xmodal.losses.attention._maps import BITS, AttentionMap, Sight

ENTRIES_PER_THREAD = 2**17
"""Three tiles of float32 fill three quarters of the 2 MiB that a core of today keeps to itself."""
MOST_ENTRIES = 2**20
ROWS = 256


@dataclass(frozen=True, slots=True)
class KeyTile:
    """Consecutive keys as one query tile meets them.

    Attributes:
        at: (groups, keys) to index with.
        counts: [g, n] bool, None if all keys count.
        hidden: [g or 1, m or 1, n] bool, what a query of the tile may not see; None if nothing is hidden.
    """

    at: tuple[slice, slice]
    counts: Tensor | None
    hidden: Tensor | None


class Tiles:
    """Cuts [G, Nq, Nk] into tiles, and multiplies queries with keys into buffers that are used again and again.

    Args:
        like: a map, for the sizes and the device.
        sight: which keys count; what nobody sees is not visited.
        dtype: of the computation.
        buffers: how many products are needed at a time.
    """

    def __init__(self, like: AttentionMap, sight: Sight, dtype: torch.dtype, *, buffers: int) -> None:
        self.groups, self.queries, self.keys = *like.query.shape[:2], like.key.shape[1]
        entries = min(ENTRIES_PER_THREAD * torch.get_num_threads(), MOST_ENTRIES)
        self.rows = max(1, min(ROWS, self.queries))
        self.columns = max(1, min(entries // self.rows, self.keys))
        self.group = max(1, min(entries // (self.rows * self.columns), self.groups))
        self.sight, self.dtype = sight, dtype
        self.buffers = like.query.new_empty(buffers, self.group * self.rows * self.columns, dtype=dtype)

    def query_tiles(self) -> Iterator[tuple[slice, slice]]:
        """(groups, queries) to index with."""
        for g in range(0, self.groups, self.group):
            for i in range(0, self.queries, self.rows):
                yield slice(g, min(g + self.group, self.groups)), slice(i, min(i + self.rows, self.queries))

    def key_tiles(self, at: tuple[slice, slice]) -> Iterator[KeyTile]:
        """The tiles of keys of which the queries `at` may see any."""
        groups, queries = at
        last = self.sight.last
        end = self.keys if last is None else min(self.keys, queries.stop + last)
        for j in range(0, end, self.columns):
            keys = slice(j, min(j + self.columns, end))
            counts = None if self.sight.keys is None else self.sight.keys[groups, keys]
            if counts is not None and not counts.any():
                continue
            counts = None if counts is None or counts.all() else counts
            yield KeyTile((groups, keys), counts, self._hidden(queries, keys, counts))

    def _hidden(self, queries: slice, keys: slice, counts: Tensor | None) -> Tensor | None:
        hidden = None if counts is None else ~counts.unsqueeze(1)  # [g, 1, n]
        last = self.sight.last
        if last is None or keys.stop - 1 <= queries.start + last:
            return hidden
        device = self.buffers.device
        key = torch.arange(keys.start, keys.stop, device=device)
        query = torch.arange(queries.start, queries.stop, device=device).unsqueeze(1)
        future = (key > query + last).unsqueeze(0)  # [1, m, n]
        return future if hidden is None else hidden | future

    def query(self, of: AttentionMap, at: tuple[slice, slice]) -> Tensor:
        """[g, m, D] queries times the scale, so that products with keys are logits in bits."""
        return of.query[at].to(self.dtype) * (BITS * of.scale)

    def key(self, of: AttentionMap, tile: KeyTile) -> Tensor:
        """[g, n, D] keys, zeros where they do not count: a NaN there must not leak."""
        key = of.key[tile.at].to(self.dtype)
        return key if tile.counts is None else torch.where(tile.counts.unsqueeze(-1), key, 0)

    def product(self, buffer: int, query: Tensor, key: Tensor) -> Tensor:
        """[g, m, n] = query key^T, in a buffer that the next call with this number overwrites."""
        out = self.spare(buffer, (*query.shape[:2], key.shape[1]))
        return torch.bmm(query, key.transpose(1, 2), out=out)

    def spare(self, buffer: int, shape: tuple[int, ...]) -> Tensor:
        """A buffer seen in a shape."""
        return self.buffers[buffer, : torch.Size(shape).numel()].view(shape)
