"""One vector for a set of tokens."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xmodal.errors import unknown

POOLS = {"mean": 1, "max": 1, "mean_max": 2}


class SetPool(nn.Module):
    """Mean, maximum, or both beside each other, of the tokens that count, then a linear layer.

    A sample without any token gives the linear layer's answer to zeros.

    Args:
        width: D in and out.
        kind: "mean", "max" or "mean_max".
    """

    def __init__(self, width: int, kind: str = "mean_max") -> None:
        super().__init__()
        if kind not in POOLS:
            raise unknown("pool", kind, POOLS)
        self.kind = kind
        self.project = nn.Linear(POOLS[kind] * width, width)

    def forward(self, x: Tensor, valid: Tensor) -> Tensor:
        """x [B, N, D], valid [B, N] bool -> [B, D]."""
        parts = []
        if "mean" in self.kind:
            parts.append(_mean(x, valid))
        if "max" in self.kind:
            parts.append(_max(x, valid))
        pooled: Tensor = self.project(torch.cat(parts, dim=1))
        return pooled


def _mean(x: Tensor, valid: Tensor) -> Tensor:
    keep = valid.unsqueeze(-1)
    return (x * keep).sum(1) / keep.sum(1).clamp_min(1)


def _max(x: Tensor, valid: Tensor) -> Tensor:
    if not x.shape[1]:
        return x.new_zeros(len(x), x.shape[2])
    top = x.masked_fill(~valid.unsqueeze(-1), -torch.inf).max(1).values
    return top.masked_fill(~valid.any(1, keepdim=True), 0)
