"""One sweep over the keys gives the divergence of two attention maps for every query row, in plain torch.

Of rows S1 and S2 (bits) it keeps the maxima m_t, the sums l_t = sum 2^(S_t - m_t) and
acc = sum 2^(S1 - m1) (S1 - S2); then KL = acc / l1 + (m2 + log2 l2) - (m1 + log2 l1).
"""

from __future__ import annotations

import torch
from torch import Tensor

from xmodal.losses.attention._maps import AttentionMap, Direction, Rows, Sight
from xmodal.losses.attention._threads import in_threads
from xmodal.losses.attention._tiles import Share, Tiles, shares


def kl_rows(
    student: AttentionMap, teacher: AttentionMap, sight: Sight, dtype: torch.dtype, *, direction: Direction
) -> Rows:
    """The divergence of every row, with the two normalisers that the way back needs, in `dtype`."""
    first, second = (teacher, student) if direction == "forward" else (student, teacher)
    sums = first.query.new_empty(3, *first.query.shape[:2], dtype=dtype)  # [3, G, Nq]
    in_threads(lambda share: _fill(sums, first, second, sight, share), shares(first, sight))
    kl, log1, log2 = sums
    return Rows(kl, log2, log1) if direction == "forward" else Rows(kl, log1, log2)


def _fill(sums: Tensor, first: AttentionMap, second: AttentionMap, sight: Sight, share: Share) -> None:
    """Writes KL(first || second) and the logarithms of both sums of some rows."""
    kl, log1, log2 = sums
    tiles = Tiles(first, sight, sums.dtype, buffers=3)
    for at in share.query_tiles:
        q1, q2 = tiles.query(first, at), tiles.query(second, at)
        sum1, sum2 = _RunningSum(q1), _RunningSum(q2)
        acc = torch.zeros_like(sum1.value)
        for tile in tiles.key_tiles(at):
            s1 = tiles.product(0, q1, tiles.key(first, tile))
            s2 = tiles.product(1, q2, tiles.key(second, tile))
            difference = torch.sub(s1, s2, out=tiles.spare(2, tuple(s1.shape)))
            acc.mul_(sum1.add(s1, tile.hidden))
            sum2.add(s2, tile.hidden)
            acc.add_(difference.mul_(s1).sum(-1, keepdim=True))
        log1[at], log2[at] = sum1.log(), sum2.log()
        kl[at] = (acc / sum1.or_one()).squeeze(-1) + log2[at] - log1[at]


class _RunningSum:
    """Of 2^logit over the keys seen so far, relative to their maximum, [g, m, 1]."""

    def __init__(self, query: Tensor) -> None:
        self.value = query.new_zeros(*query.shape[:2], 1)
        # Half the lowest number: differences of two maxima stay finite where a row has seen nothing yet.
        self.top = torch.full_like(self.value, torch.finfo(query.dtype).min / 2)

    def add(self, logits: Tensor, hidden: Tensor | None) -> Tensor:
        """Turns logits into powers of two relative to the new maximum, in place; returns what older ones shrink by."""
        if hidden is not None:
            logits.add_(hidden)
        before, self.top = self.top, torch.maximum(self.top, logits.amax(-1, keepdim=True))
        shrink = (before - self.top).exp2_()
        self.value.mul_(shrink).add_(logits.sub_(self.top).exp2_().sum(-1, keepdim=True))
        return shrink

    def or_one(self) -> Tensor:
        return torch.where(self.value > 0, self.value, 1)

    def log(self) -> Tensor:
        """[g, m], zero for rows that saw nothing."""
        return torch.where(self.value > 0, self.top + self.value.log2(), 0).squeeze(-1)
