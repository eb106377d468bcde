"""Pairs by place equal those of all distances, ties and the reach included."""

import pytest
import torch
from torch import Tensor

from xmodal.bus import Tokens
from xmodal.nearest import _in_space, nearest


def by_all_distances(a: Tokens, b: Tokens) -> Tensor:
    """The definition: every distance of every sample."""
    gap = torch.cdist(a.where.float(), b.where.float(), compute_mode="donot_use_mm_for_euclid_dist")
    both = a.mask().unsqueeze(2) & b.mask().unsqueeze(1)
    gap = gap.masked_fill(~both, torch.inf)
    reach = torch.maximum(spacing(a), spacing(b)).view(-1, 1, 1)
    tie = 1e-4 * reach.nan_to_num(posinf=1.0)
    near = (gap <= gap.amin(2, keepdim=True) + tie) | (gap <= gap.amin(1, keepdim=True) + tie)
    return (near & both & (gap <= reach)).nonzero()


def spacing(tokens: Tokens) -> Tensor:
    where, keep = tokens.where.float(), tokens.mask()
    gap = torch.cdist(where, where, compute_mode="donot_use_mm_for_euclid_dist")
    other = keep.unsqueeze(1) & (gap > 1e-6)
    return gap.masked_fill(~other, torch.inf).amin(2).masked_fill(~keep, 0).amax(1)


def places(kind: str, samples: int, count: int, axes: int, make: torch.Generator) -> Tensor:
    """[B, N, k] of which some are exactly or nearly equally far from others."""
    random = torch.rand(samples, count, axes, generator=make)
    if kind == "random":
        return random
    if kind == "even":
        return ((torch.arange(count) + 0.5) / count).view(1, -1, 1).expand(samples, -1, axes)
    if kind == "in channels":
        return (torch.arange(count) % max(1, count // 3)).float().view(1, -1, 1).repeat(samples, 1, axes)
    steps = (random * 8).round()
    shift = torch.rand(samples, count, axes, generator=make)
    if kind == "equal":
        return steps / 8 - 0.5
    if kind == "at the tie":
        return (steps + (shift * 6 - 3).round() * 5e-5) / 8
    if kind == "at one place":
        return (steps * 1e6 + (shift * 4).round()) * 5e-7
    raise ValueError(kind)


KINDS = ("random", "even", "in channels", "equal", "at the tie", "at one place")


def drawn(kind: str, samples: int, axes: int, scale: float, make: torch.Generator) -> Tokens:
    count = int(torch.randint(1, 20, (), generator=make))
    where = places(kind, samples, count, axes, make) * scale
    share = torch.rand((), generator=make)
    valid = None if share < 0.3 else torch.rand(samples, count, generator=make) < share
    return Tokens(torch.zeros(samples, count, 1), where=where, valid=valid)


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_pairs_are_those_of_all_distances(kind, axes):
    make = torch.Generator().manual_seed(KINDS.index(kind))
    found = 0
    for trial in range(150):
        samples, other = 1 + trial % 3, KINDS[trial % len(KINDS)]
        scales = 10.0 ** torch.randint(-3, 5, (2,), generator=make)
        a = drawn(kind, samples, axes, float(scales[0]), make)
        b = drawn(other, samples, axes, float(scales[trial % 2]), make)
        expected = by_all_distances(a, b)
        assert torch.equal(nearest(a, b), expected), f"trial {trial}"
        found += len(expected)
    assert found > 1000


def test_samples_of_the_same_places_are_paired_as_one(monkeypatch):
    rows = []

    def seen(where, *others):
        rows.append(len(where))
        return _in_space(where, *others)

    monkeypatch.setattr("xmodal.nearest._in_space", seen)
    make = torch.Generator().manual_seed(0)
    a, b = (Tokens(torch.zeros(4, n, 1), where=torch.rand(1, n, 3, generator=make).repeat(4, 1, 1)) for n in (5, 7))
    assert torch.equal(nearest(a, b), by_all_distances(a, b))
    b.where[2, 0] += 0.1
    assert torch.equal(nearest(a, b), by_all_distances(a, b))
    assert rows == [1, 4]


def test_nothing_pairs_where_one_side_has_no_valid_token():
    a = Tokens(torch.zeros(2, 3, 1), where=torch.rand(2, 3, 1))
    none = Tokens(torch.zeros(2, 4, 1), where=torch.rand(2, 4, 1), valid=torch.tensor([[False] * 4, [True] * 4]))
    assert set(nearest(a, none)[:, 0].tolist()) == {1}
    assert torch.equal(nearest(a, none), by_all_distances(a, none))


def test_a_time_that_is_no_number_pairs_with_nothing_and_leaves_the_others_alone():
    where = torch.tensor([[[0.0], [float("nan")], [2.0]]])
    a, b = Tokens(torch.zeros(1, 3, 1), where=where), Tokens(torch.zeros(1, 2, 1), where=torch.tensor([[[0.1], [2.1]]]))
    assert nearest(a, b).tolist() == [[0, 0, 0], [0, 2, 1]]
