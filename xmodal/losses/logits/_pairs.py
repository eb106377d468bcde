"""The distribution over differences of ordered pairs of logits, without forming the pairs.

exp(z_i - z_j) is a product, so running sums over i < j give what sums over all K (K - 1) / 2 pairs would: memory and
time are linear in K. Kept as logarithms, because the larger logit may come later.
"""

from __future__ import annotations

import torch
from torch import Tensor

# Not -inf: the backward pass of logcumsumexp would meet -inf - (-inf).
FAR_BELOW = -1e30


def pair_divergence(p: Tensor, q: Tensor, count: Tensor | None = None) -> Tensor:
    """KL(P || Q): P is the softmax of p_i - p_j over the pairs i < j < count, Q that of q_i - q_j over the same pairs.

    Args:
        p: [..., K] logits in the order that decides which pairs there are; K > 1.
        q: same shape and order.
        count: [...] integers from 2 to K, or None for K.

    Returns:
        [...]; with gradients to both.
    """
    drop = None
    if count is not None:
        drop = torch.arange(p.shape[-1], device=p.device) >= count.unsqueeze(-1)
    total_p, before, after = _sums(p, drop)
    total_q, _, _ = _sums(q, drop)
    minus = _subtracted(p, drop)
    as_first = (p[..., :-1] + after - total_p).exp()  # P(i is the first of the pair), i < K - 1
    as_second = (minus[..., 1:] + before - total_p).exp()  # P(j is the second), j > 0
    gap = p - q
    expected = (as_first * gap[..., :-1]).sum(-1) - (as_second * gap[..., 1:]).sum(-1)
    return expected - (total_p - total_q).squeeze(-1)


def _sums(z: Tensor, drop: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """Logarithms of sums of exp: of z_i - z_j over all pairs, of z_i over i < j, of -z_j over j > i."""
    minus = _subtracted(z, drop)[..., 1:]
    before = z[..., :-1].logcumsumexp(-1)
    after = minus.flip(-1).logcumsumexp(-1).flip(-1)
    return (minus + before).logsumexp(-1, keepdim=True), before, after


def _subtracted(z: Tensor, drop: Tensor | None) -> Tensor:
    """-z, with nothing to sum where dropped: without a second there is no pair."""
    return -z if drop is None else (-z).masked_fill(drop, FAR_BELOW)
