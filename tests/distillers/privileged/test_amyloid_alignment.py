"""PET-free amyloid, alignment: the terms by formula, whom a sample is pushed from, and what has no gradient."""

import pytest
import torch
from torch.nn import functional as F

from distillers.privileged.frames import check_weight_scales, frame
from xmodal.adapter import Model
from xmodal.balance import FixedWeights
from xmodal.bus import Embedding
from xmodal.data.batch import Batch
from xmodal.distillation import Distillation
from xmodal.distillers import AmyloidAlignment
from xmodal.distillers.privileged.amyloid_alignment import APART, negatives
from xmodal.modalities.volume import SliceAttention, SliceEncoder
from xmodal.tasks import Classification

TWO = torch.tensor([0, 1])


def sides(count):
    torch.manual_seed(0)
    return tuple(torch.randn(count, 4, dtype=torch.float64, requires_grad=True) for _ in range(3))


def given(anchor, positive, pushed, labels):
    parts = {"query": Embedding(pooled=positive), "negative": Embedding(pooled=pushed)}
    return frame(Embedding(pooled=anchor, parts=parts), labels=labels)


def test_the_terms_of_two_samples_that_must_be_each_others_negative():
    a, p, n = sides(2)
    found = AmyloidAlignment("k", apart=(1.0,))(given(a, p, n, TWO))
    other = n[[1, 0]]
    near, far = ((x - y + 1e-6).pow(2).sum(1).sqrt() for x, y in ((a, p), (a, other)))
    torch.testing.assert_close(found["triplet"], F.relu(near - far + 1.0))
    torch.testing.assert_close(found["norm"], sum(x.pow(2).sum(1).sqrt() for x in (a, p, other)))
    torch.testing.assert_close(found["negative"], F.relu(torch.cosine_similarity(a, other).mean() + 0.1))
    torch.testing.assert_close(found["spread"], F.relu(torch.cosine_similarity(a[:1], a[1:])[0] - 0.5).detach())


def test_the_spread_shifts_the_value_and_has_no_gradient():
    a, p, n = sides(3)
    close = (torch.ones(3, 4, dtype=torch.float64) + 0.1 * a.detach()).requires_grad_()
    now = given(close, p, n, torch.tensor([0, 1, 1]))
    found = AmyloidAlignment("k", apart=(1.0,))(now)
    mean = sum(torch.cosine_similarity(close[i], close[j], dim=0) for i, j in ((0, 1), (0, 2), (1, 2))) / 3
    torch.testing.assert_close(found["spread"], mean.detach() - 0.5)
    assert not found["spread"].requires_grad
    terms = {f"align/{name}": found[name] for name in ("triplet", "norm", "negative") if found[name].any()}
    check_weight_scales(terms, close, now)


def test_samples_without_grade_count_nothing_and_are_nobodys_negative():
    a, p, n = sides(4)
    labels = torch.tensor([0, -1, 1, -1])
    found = AmyloidAlignment("k", apart=(1.0,))(given(a, p, n, labels))
    known = labels >= 0
    whole = AmyloidAlignment("k", apart=(1.0,))(given(a[known], p[known], n[known], TWO))
    for name, term in found.items():
        torch.testing.assert_close(term.mean(), whole[name].mean())
    sum(term.sum() for term in found.values()).backward()
    assert not any(x.grad[~known].any() for x in (a, p, n))
    few = AmyloidAlignment("k")(given(a, p, n, torch.tensor([0, -1, -1, -1])))
    assert all(not term.any() for term in few.values())


@pytest.mark.parametrize(
    ("grade", "allowed"),
    [
        ([0.0, 4.0, 6.0, 30.0], {2, 3}),  # at least 5 away
        ([0.0, 2.0, 3.0, 4.5], {2, 3}),  # nobody is: at least 2.5
        ([0.0, 1.5, 0.2, 0.0], {1}),  # at least 1
        ([0.0, 0.2, 0.9, 0.3], {2}),  # the most different
        ([7.0, 7.0, 7.0, 7.0], {1, 2, 3}),  # anybody
    ],
)
def test_the_rungs_by_which_a_negative_is_found(grade, allowed):
    torch.manual_seed(0)
    everyone = torch.ones(4, dtype=torch.bool)
    drawn = {int(negatives(torch.tensor(grade), everyone, APART)[0]) for _ in range(60)}
    assert drawn == allowed


def test_the_teacher_learns_to_align_but_not_through_the_slices_that_it_pushes_away():
    torch.manual_seed(0)
    tasks = {"k": Classification(("no", "yes"))}
    encoder = SliceEncoder(None, key="volume/mri", every=4, widths=(4, 8))
    adapter = SliceAttention(encoder, query="volume/pet", key="volume/mri", width=8)
    weights = {"task": 0.0, "align": 0.0, "align/triplet": 1.0}
    step = Distillation(
        Model(adapter, tasks), tasks, distillers={"align": AmyloidAlignment("k", apart=(1.0,))},
        balance=FixedWeights(weights),
    )  # fmt: skip
    entries = {key: torch.randn(4, 1, 8, 8, 8) for key in adapter.inputs}
    labels = torch.tensor([0, 1, 0, 1])
    batch = Batch(tuple("abcd"), entries, torch.arange(4), labels={"k": labels}, labelled={"k": labels >= 0})
    step.train()(batch).total.backward()
    for module in (adapter.encoder.backbone, adapter.project, adapter.self_attn, adapter.cross_attn):
        assert any(p.grad is not None and p.grad.any() for p in module.parameters())
    now = step.frame(batch)
    slices = list(adapter.project.parameters())
    grads = torch.autograd.grad(now.student.parts["negative"].pooled.sum(), slices, allow_unused=True)
    assert all(grad is None for grad in grads)


def test_what_does_not_fit_is_told():
    a, *_ = sides(2)
    with pytest.raises(ValueError, match="needs the part 'query'"):
        AmyloidAlignment("k")(frame(Embedding(pooled=a), labels=TWO))
    with pytest.raises(ValueError, match="differences above 0"):
        AmyloidAlignment("k", apart=())
