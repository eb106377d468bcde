"""Affinity of tokens: teacher tokens carried over the pairs, and only paired tokens counted."""

import pytest
import torch
from torch.nn import functional as F

from distillers.committee.rooms import check_doubles
from xmodal.bus import Embedding, Frame, Pairs, Tokens
from xmodal.data.batch import Batch
from xmodal.distillers import TokenSimilarity

B, N, M = 3, 6, 4


def frame(student=None, teacher=None, taught=(True, True, True), pairs=None):
    """Student tokens 0, 1, 2, 4 of each sample are paired with teacher tokens 2, 0, (1 and 3), 1."""
    torch.manual_seed(0)
    own = torch.randn(B, N, 5, requires_grad=True) if student is None else student
    theirs = torch.randn(B, M, 3, requires_grad=True) if teacher is None else teacher
    links = [(0, 2), (1, 0), (2, 1), (2, 3), (4, 1)] if pairs is None else pairs
    index = torch.tensor([(b, i, j) for b in range(B) for i, j in links])
    return Frame(
        student=Embedding(tokens=Tokens(own, grid=(2, 3))),
        batch=Batch(tuple("abc"), {}, torch.arange(B)),
        teachers={"t": Embedding(tokens=Tokens(theirs))},
        pairs={("student", "t"): Pairs(index, torch.ones(len(index)))},
        taught={"t": torch.tensor(taught)},
    )


def affinity(x):
    x = F.normalize(x, dim=-1)
    return x @ x.T


def by_hand(own, theirs, b):
    carried = torch.stack([theirs[b, 2], theirs[b, 0], (theirs[b, 1] + theirs[b, 3]) / 2, theirs[b, 1]])
    return (affinity(own[b][[0, 1, 2, 4]]) - affinity(carried)).square().mean()


def test_paired_tokens_are_compared_and_the_teacher_gets_no_gradient():
    given = frame()
    own, theirs = given.student.tokens.x, given.teachers["t"].tokens.x
    found = TokenSimilarity(teacher="t")(given)["affinity"]
    torch.testing.assert_close(found, torch.stack([by_hand(own, theirs, b) for b in range(B)]))
    found.sum().backward()
    assert theirs.grad is None
    assert own.grad[:, [0, 1, 2, 4]].any()
    assert not own.grad[:, [3, 5]].any()


def test_samples_that_are_not_taught_do_not_dilute_the_mean():
    own, theirs = frame().student.tokens.x, frame().teachers["t"].tokens.x
    found = TokenSimilarity(teacher="t")(frame(taught=(True, False, True)))["affinity"]
    assert found[1] == 0
    torch.testing.assert_close(found.mean(), (by_hand(own, theirs, 0) + by_hand(own, theirs, 2)) / 2)


@pytest.mark.parametrize("regions", [None, (1, 3)])
def test_a_turned_teacher_gives_zero(regions):
    torch.manual_seed(1)
    own = torch.randn(B, N, 4)
    turned = own @ torch.linalg.qr(torch.randn(4, 4))[0]
    same = [(i, i) for i in range(N)]
    found = TokenSimilarity(teacher="t", regions=regions)(frame(own, turned, pairs=same))["affinity"]
    torch.testing.assert_close(found, torch.zeros(B), atol=1e-6, rtol=0)


def test_a_region_is_the_mean_of_its_paired_tokens():
    """Columns of a 2 x 3 grid: tokens (0, 3), (1, 4), (2, 5), of which 0, 1, 2, 4 are paired."""
    given = frame()
    own, theirs = given.student.tokens.x, given.teachers["t"].tokens.x
    found = TokenSimilarity(teacher="t", regions=(1, 3))(given)["affinity"]
    for b in range(B):
        mine = torch.stack([own[b, 0], (own[b, 1] + own[b, 4]) / 2, own[b, 2]])
        second = (theirs[b, 0] + theirs[b, 1]) / 2
        other = torch.stack([theirs[b, 2], second, (theirs[b, 1] + theirs[b, 3]) / 2])
        torch.testing.assert_close(found[b], (affinity(mine) - affinity(other)).square().mean())


def test_a_weight_scales_the_term():
    given = frame()
    check_doubles(TokenSimilarity(teacher="t")(given), given.student.tokens.x, given)
