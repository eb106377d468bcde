"""RKD as a distiller: distances and angles of taught samples, whatever the widths."""

import torch
from torch.nn import functional as F

from distillers.committee.rooms import check_doubles
from xmodal.bus import Embedding, Frame
from xmodal.data.batch import Batch
from xmodal.distillers import Relational

B = 5


def frame(taught=(True,) * B):
    torch.manual_seed(0)
    return Frame(
        student=Embedding(pooled=torch.randn(B, 3, requires_grad=True)),
        batch=Batch(tuple("abcde"), {}, torch.arange(B)),
        teachers={"t": Embedding(pooled=torch.randn(B, 4, requires_grad=True))},
        taught={"t": torch.tensor(taught)},
    )


def distances(x):
    found = (x.unsqueeze(1) - x).square().sum(-1).clamp_min(1e-12).sqrt() * (1 - torch.eye(len(x)))
    return found / found[found > 0].mean()


def angles(x):
    e = F.normalize(x.unsqueeze(0) - x.unsqueeze(1), dim=-1)
    return e @ e.transpose(1, 2)


def test_both_terms_are_the_published_ones_over_taught_samples():
    taught = torch.tensor([True, True, False, True, True])
    given = frame(taught.tolist())
    own, theirs = given.student.pooled[taught], given.teachers["t"].pooled[taught]
    found = Relational(teacher="t")(given)
    torch.testing.assert_close(found["distance"], F.smooth_l1_loss(distances(own), distances(theirs)))
    torch.testing.assert_close(found["angle"], F.smooth_l1_loss(angles(own), angles(theirs)))


def test_the_teacher_gets_no_gradient():
    given = frame()
    check_doubles(Relational(teacher="t")(given), given.student.pooled, given)
    sum(Relational(teacher="t")(given).values()).backward()
    assert given.teachers["t"].pooled.grad is None
    assert given.student.pooled.grad.any()
