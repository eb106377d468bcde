"""CRD as a distiller: the loss of the library with the sample numbers of the frame, and a memory that follows."""

from types import SimpleNamespace

import torch

from distillers.committee.rooms import check_doubles
from xmodal.bus import Embedding, Frame
from xmodal.data.batch import Batch
from xmodal.distillers import ContrastiveMemory

INDEX = torch.tensor([7, 2, 5, 0])
MODELS = {"student": SimpleNamespace(width=6), "t": SimpleNamespace(width=4)}


def built():
    torch.manual_seed(1)
    distiller = ContrastiveMemory(samples=9, teacher="t", dim=5, negatives=3)
    distiller.connect(MODELS, {})
    return distiller.train()


def frame(taught=(True, True, True, True)):
    torch.manual_seed(0)
    return Frame(
        student=Embedding(pooled=torch.randn(4, 6, requires_grad=True)),
        batch=Batch(tuple("abcd"), {}, INDEX),
        teachers={"t": Embedding(pooled=torch.randn(4, 4, requires_grad=True))},
        taught={"t": torch.tensor(taught)},
    )


def half(anchor, own, others, temperature=0.07, samples=9):
    """-log of telling the own partner from K others, each against K / N, with the constant set on this batch."""
    raw = torch.cat([(anchor * own).sum(1, keepdim=True), torch.einsum("bd,bkd->bk", anchor, others)], 1) / temperature
    h, k = raw.exp(), others.shape[1]
    h = h / (samples * h.mean())
    told = (h[:, 0] / (h[:, 0] + k / samples)).log() + ((k / samples) / (h[:, 1:] + k / samples)).log().sum(1)
    return -told


def test_it_is_noise_contrastive_estimation_both_ways():
    distiller, given = built(), frame()
    banks = {name: getattr(distiller.loss.memory, name).clone() for name in ("student", "teacher")}
    state = distiller.loss.memory.generator.get_state()
    drawn = distiller.loss.memory.draw(INDEX, 3)
    distiller.loss.memory.generator.set_state(state)
    found = distiller(given)["crd"]
    own, theirs = given.student.pooled, given.teachers["t"].pooled
    u = torch.nn.functional.normalize(distiller.loss.student_head(own), dim=1)
    v = torch.nn.functional.normalize(distiller.loss.teacher_head(theirs), dim=1)
    expected = half(u, banks["teacher"][INDEX], banks["teacher"][drawn]) + half(
        v, banks["student"][INDEX], banks["student"][drawn]
    )
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_the_teacher_gets_no_gradient_its_head_does():
    distiller, given = built(), frame()
    distiller(given)["crd"].sum().backward()
    assert given.teachers["t"].pooled.grad is None
    assert given.student.pooled.grad.any()
    assert distiller.loss.teacher_head.weight.grad.any()


def test_a_sample_that_is_not_taught_counts_nothing_and_leaves_no_trace():
    distiller = built()
    before = distiller.loss.memory.student.clone()
    found = distiller(frame(taught=(True, False, True, True)))["crd"]
    assert found[1] == 0
    changed = (distiller.loss.memory.student != before).any(1)
    assert changed.nonzero().flatten().tolist() == [0, 5, 7]


def test_memory_and_draws_travel_in_the_state():
    distiller, other = built(), built()
    distiller(frame())
    other.load_state_dict(distiller.state_dict())
    torch.testing.assert_close(distiller(frame())["crd"], other(frame())["crd"])


def test_a_weight_scales_the_term():
    distiller, given = built(), frame()
    check_doubles(distiller(given), given.student.pooled, given)
