"""Pairs of one token of the student and one of a teacher, each standing for the points that the two share."""

from __future__ import annotations

from torch import Tensor

from xmodal.bus import Frame, Pairs, Tokens
from xmodal.pairs import pair_tokens


def taught_pairs(pairs: Pairs, taught: Tensor) -> Pairs:
    """Those of samples that had the teacher, taught [B]."""
    keep = taught[pairs.index[:, 0]]
    return Pairs(pairs.index[keep], pairs.weight[keep])


def pairs_of_layers(student: Tokens, teacher: Tokens, frame: Frame, taught: Tensor) -> Pairs:
    """The pairs of two hidden layers, whose grids are not those of the last tokens."""
    return taught_pairs(pair_tokens(student, teacher, frame.seen or frame.batch), taught)


def over_pairs(values: Tensor, pairs: Pairs, size: int) -> Tensor:
    """[B] from [M], a pair of weight w counting as w points: the mean over the batch of `size` samples is the mean over
    all points."""
    weight = pairs.weight.to(values.dtype)
    each = values.new_zeros(size).index_add(0, pairs.index[:, 0], values * weight)
    return each * (size / weight.sum().clamp_min(1e-12))


def rows_of(x: Tensor, sample: Tensor, token: Tensor) -> Tensor:
    """[M, D] of x [B, N, D]; unlike x[sample, token] it adds up gradients in one order whatever the threads do."""
    return x.flatten(0, 1).index_select(0, sample * x.shape[1] + token)
