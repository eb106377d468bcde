"""C-CKD: InfoNCE in both forms by formula; which of the two terms moves the peer."""

import pytest
import torch
from torch.nn import functional as F

from contract.toys import TASKS, Patches, batch, gradients
from distillers.privileged.frames import check_weight_scales, frame
from xmodal.adapter import Model
from xmodal.balance import FixedWeights
from xmodal.bus import Embedding
from xmodal.distillation import Distillation
from xmodal.distillers import JointContrast, Supervised

LABELS = torch.tensor([0, 1, 0, -1, -1])


def sides():
    torch.manual_seed(0)
    return tuple(torch.randn(5, 4, dtype=torch.float64, requires_grad=True) for _ in range(2))


def given(own, peer, **more):
    student = Embedding(pooled=torch.zeros(len(own), 7))
    return frame(student, Embedding(pooled=peer), student_as=Embedding(pooled=own), peer=True, **more)


def by_hand(own, peer, labels=None, temperature=0.07):
    """Row by row and column by column: minus the mean log-share of the positives."""
    cosine = torch.cosine_similarity(own.unsqueeze(1), peer.unsqueeze(0), dim=-1) / temperature
    losses = []
    for i in range(len(own)):
        same = [j for j in range(len(own)) if j == i or (labels is not None and labels[i] == labels[j] >= 0)]
        rows = [cosine[i, j] - cosine[i].logsumexp(0) for j in same]
        columns = [cosine[j, i] - cosine[:, i].logsumexp(0) for j in same]
        losses.append(-(sum(rows) + sum(columns)) / (2 * len(same)))
    return torch.stack(losses)


def forms():
    return [
        (JointContrast(teacher="t"), None),
        (JointContrast(teacher="t", positives="label", task="k"), LABELS),
        (JointContrast(teacher="t", positives="label", task="k", temperature=0.5), LABELS),
    ]


@pytest.mark.parametrize(("distiller", "labels"), forms(), ids=["sample", "label", "warm"])
def test_both_terms_have_the_value_and_one_of_them_the_gradient(distiller, labels):
    own, peer = sides()
    now = given(own, peer, labels=LABELS)
    found = distiller(now)
    expected = by_hand(own, peer, labels, distiller.temperature)
    torch.testing.assert_close(found["contrast"], expected)
    torch.testing.assert_close(found["distil"], expected)
    check_weight_scales({f"j/{n}": term for n, term in found.items()}, own, now)
    (there,) = torch.autograd.grad(found["contrast"].sum(), peer, retain_graph=True)
    (expected_grad,) = torch.autograd.grad(expected.sum(), peer)
    torch.testing.assert_close(there, expected_grad)
    assert torch.autograd.grad(found["distil"].sum(), peer, allow_unused=True)[0] is None


@pytest.mark.parametrize(("distiller", "labels"), forms()[:2], ids=["sample", "label"])
def test_untaught_samples_are_removed(distiller, labels):
    taught = torch.tensor([True, True, True, False, True])
    own, peer = sides()
    found = distiller(given(own, peer, labels=LABELS, taught=taught))
    expected = by_hand(own[taught], peer[taught], None if labels is None else labels[taught])
    for term in found.values():
        assert term[3] == 0
        torch.testing.assert_close(term.mean(), expected.mean())
    found["contrast"].sum().backward()
    assert not own.grad[3].any()
    assert not peer.grad[3].any()


def test_without_labels_the_forms_agree():
    own, peer = sides()
    for labels in (None, torch.full((5,), -1)):
        now = given(own, peer, labels=labels)
        one, other = (distiller(now) for distiller, _ in forms()[:2])
        torch.testing.assert_close(one["contrast"], other["contrast"])


def test_half_precision_rounds_the_embeddings_only():
    own, peer = (F.normalize(x.float(), dim=1).detach() for x in sides())
    distiller = forms()[1][0]
    with torch.autocast("cpu", torch.bfloat16):
        found = distiller(given(own, peer, labels=LABELS))["contrast"]
    torch.testing.assert_close(found, by_hand(own, peer, LABELS), atol=1e-4, rtol=1e-4)


def peers(weights):
    torch.manual_seed(1)
    student, notes = Model(Patches(), TASKS), Model(Patches(key="depth"), TASKS)
    distillers = {"notes": Supervised("notes"), "joint": JointContrast(teacher="notes")}
    return (
        student,
        notes,
        Distillation(student, TASKS, peers={"notes": notes}, distillers=distillers, balance=FixedWeights(weights)),
    )


@pytest.mark.parametrize(("weights", "moved"), [({"joint/contrast": 1.0}, True), ({"joint/distil": 1.0}, False)])
def test_with_the_distilling_term_alone_the_peer_is_untouched(weights, moved):
    zeros = {"task": 0.0, "notes": 0.0, "joint": 0.0}
    student, notes, step = peers(zeros | weights)
    step(batch()).total.backward()
    assert "adapter.embed.weight" in gradients(student)
    assert bool(gradients(notes)) is moved


def test_what_cannot_be_built_is_told():
    with pytest.raises(ValueError, match="unknown positives 'class'"):
        JointContrast(positives="class")
    with pytest.raises(ValueError, match="needs the name of a task"):
        JointContrast(positives="label")
