"""Tokens paired by their places: each with the nearest of the other model's, in a frame that both sensors share.

Letters in shape comments: R rows, which are the samples, or one where all samples have the same places.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.bus import Tokens

SAME = 1e-6
"""Two tokens no farther apart stand at one place."""
TIE = 1e-4
"""As a share of the reach: tokens that lie so little farther than the nearest one are equally near."""


def nearest(a: Tokens, b: Tokens) -> Tensor:
    """[M, 3] long, in ascending order: sample, token of a, token of b.

    Each token with the nearest of the other model's (all of them, if several lie equally near), either way round.
    Tokens farther apart than the spacing of the coarser model are no pair: one recording may outlast the other.
    """
    assert a.where is not None
    assert b.where is not None
    sides = [a.where.float(), a.mask(), b.where.float(), b.mask()]
    samples, once = len(a.where), all(_repeats(side) for side in sides)
    if once:
        sides = [side[:1] for side in sides]
    # On a GPU the many small steps of the search take longer than all distances.
    on_a_line = a.where.shape[2] == b.where.shape[2] == 1 and not a.where.is_cuda
    index = _on_a_line(*sides) if on_a_line else _in_space(*sides)
    if not once:
        return index
    sample = torch.arange(samples, device=index.device).repeat_interleave(len(index))
    return torch.cat([sample.unsqueeze(1), index[:, 1:].repeat(samples, 1)], 1)


def _repeats(rows: Tensor) -> bool:
    return rows.stride(0) == 0 or bool((rows == rows[:1]).all())


def _in_space(where_a: Tensor, keep_a: Tensor, where_b: Tensor, keep_b: Tensor) -> Tensor:
    gap = torch.cdist(where_a, where_b, compute_mode="donot_use_mm_for_euclid_dist")  # [R, N_a, N_b]
    both = keep_a.unsqueeze(2) & keep_b.unsqueeze(1)
    gap = gap.masked_fill(~both, torch.inf)
    reach = torch.maximum(_spacing(where_a, keep_a), _spacing(where_b, keep_b)).view(-1, 1, 1)
    tie = _tie(reach)
    near = (gap <= gap.amin(2, keepdim=True) + tie) | (gap <= gap.amin(1, keepdim=True) + tie)
    return (near & both & (gap <= reach)).nonzero()


def _tie(reach: Tensor) -> Tensor:
    return TIE * reach.nan_to_num(posinf=1.0)


def _spacing(where: Tensor, keep: Tensor) -> Tensor:
    """[R]: the largest distance from a token to its nearest neighbour elsewhere; infinite for a lone place."""
    gap = torch.cdist(where, where, compute_mode="donot_use_mm_for_euclid_dist")
    other = keep.unsqueeze(1) & (gap > SAME)
    closest = gap.masked_fill(~other, torch.inf).amin(2)  # [R, N]
    return closest.masked_fill(~keep, 0).amax(1)


def _on_a_line(where_a: Tensor, keep_a: Tensor, where_b: Tensor, keep_b: Tensor) -> Tensor:
    """As `_in_space`, of places [R, N, 1]: sorted, so that what is near to a token stands side by side."""
    a, b = _finite(where_a, keep_a), _finite(where_b, keep_b)
    (line_a, order_a), (line_b, order_b) = _line(a), _line(b)
    reach = torch.maximum(_line_spacing(a, line_a), _line_spacing(b, line_b)).unsqueeze(1)
    count_a, count_b = a.shape[1], b.shape[1]
    token, other = _near(a, line_b, reach)
    there = token * count_b + order_b.flatten()[token // count_a * count_b + other]
    token, other = _near(b, line_a, reach)
    row = token // count_b
    back = (row * count_a + order_a.flatten()[row * count_a + other]) * count_b + token % count_b
    code = torch.unique(torch.cat([there, back]))
    return torch.stack([code // (count_a * count_b), code // count_b % count_a, code % count_b], 1)


def _finite(where: Tensor, keep: Tensor) -> Tensor:
    """[R, N]: the places, infinite for tokens that do not count."""
    place = where.squeeze(2)
    return torch.where(keep & place.isfinite(), place, torch.inf)


def _line(place: Tensor) -> tuple[Tensor, Tensor]:
    """([R, 2^k - 1] the places in order between infinities, [R, N] the tokens in that order)."""
    ordered, order = torch.sort(place, dim=1)
    count = place.shape[1]
    after = 2 ** (count + 2).bit_length() - 2 - count
    return F.pad(F.pad(ordered, (1, 0), value=-torch.inf), (0, after), value=torch.inf), order


def _line_spacing(place: Tensor, line: Tensor) -> Tensor:
    """As `_spacing`, of places [R, N] and their line."""
    first, past = _window(line, place, torch.full_like(place, SAME))
    closest = torch.fmin(place - line.gather(1, first - 1), line.gather(1, past) - place)
    return closest.masked_fill(place.isinf(), 0).amax(1)


def _near(place: Tensor, line: Tensor, reach: Tensor) -> tuple[Tensor, Tensor]:
    """(row and token as one number, place in the order of the other model's tokens) of each [M'] that are nearest."""
    following = torch.searchsorted(line, place)
    closest = torch.fmin(place - line.gather(1, following - 1), line.gather(1, following) - place)
    limit = torch.minimum(closest + _tie(reach), reach).clamp_max(torch.finfo(place.dtype).max)
    first, past = (t.flatten() for t in _window(line, place, limit))
    count = past - first
    token = torch.arange(len(count), device=count.device).repeat_interleave(count)
    start = first - (count.cumsum(0) - count)
    # The line begins with an infinity that is no token.
    return token, torch.arange(len(token), device=count.device) + start[token] - 1


def _window(line: Tensor, place: Tensor, limit: Tensor) -> tuple[Tensor, Tensor]:
    """(the first, the one after the last) of the line within `limit` of each place [R, N]; equal where none is."""
    below = torch.nextafter(-limit, torch.full_like(limit, -torch.inf))
    first, past = _passed(line, place.repeat(1, 2), torch.cat([below, limit], 1)).chunk(2, dim=1)
    return first, past


def _passed(line: Tensor, place: Tensor, bound: Tensor) -> Tensor:
    """[R, N]: how many of the line lie no farther above each place than `bound`, which is negative for below."""
    # Bisected by the rounded differences themselves: against `place + bound` ties would fall otherwise.
    count = torch.zeros_like(place, dtype=torch.long)
    step = (line.shape[1] + 1) // 2
    while step:
        count += step * (line.gather(1, count + (step - 1)) - place <= bound)
        step //= 2
    return count
