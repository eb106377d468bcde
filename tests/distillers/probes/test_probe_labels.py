"""PROBE-KD: the probe reads labelled samples of a frozen layer, and its answers are the soft labels."""

from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional as F

from distillers.committee.rooms import check_doubles
from xmodal.bus import Embedding, Frame, Tokens
from xmodal.data.batch import Batch
from xmodal.distillers import ProbeLabels
from xmodal.tasks import Classification

TASKS = {"kind": Classification(("a", "b", "c"))}
MODELS = {"student": SimpleNamespace(width=6), "t": SimpleNamespace(layer_widths=(2, 4))}


def frame(seed=0, count=40, taught=None, labelled=True):
    """Classes lie apart in the second layer; every other sample has a label, the others one that misleads."""
    g = torch.Generator().manual_seed(seed)
    true = torch.randint(3, (count,), generator=g)
    centres = 3 * F.one_hot(true, 4).float()
    x = centres.unsqueeze(1) + torch.randn(count, 5, 4, generator=g)
    known = torch.arange(count) % 2 == 0
    return Frame(
        student=Embedding(outputs={"kind": torch.randn(count, 3, generator=g).requires_grad_()}),
        batch=Batch(
            tuple(map(str, range(count))), {}, torch.arange(count),
            labels={"kind": torch.where(known, true, (true + 1) % 3)} if labelled else {},
            labelled={"kind": known} if labelled else {},
        ),
        teachers={"t": Embedding(layers=(Tokens(torch.zeros(count, 5, 2)), Tokens(x.requires_grad_())))},
        taught={"t": torch.ones(count, dtype=torch.bool) if taught is None else taught},
    ), true  # fmt: skip


def fitted(**options):
    distiller = ProbeLabels("kind", teacher="t", **options)
    distiller.connect(MODELS, TASKS)
    with torch.no_grad():
        distiller.prepare(frame(seed)[0] for seed in range(3))
    return distiller


def probe(distiller, given):
    x = given.teachers["t"].layers[1].x.mean(1)
    return (x - distiller.mean) / distiller.std @ distiller.weight.T + distiller.bias


def test_the_probe_learned_from_the_labelled_samples_alone():
    given, true = frame(7)
    assert (probe(fitted(), given).argmax(1) == true).float().mean() > 0.9


def test_the_fit_is_the_minimum_of_the_penalised_loss():
    distiller = fitted(penalty=0.05)
    frames = [frame(seed)[0] for seed in range(3)]
    logits = torch.cat([probe(distiller, f)[f.labelled["kind"]] for f in frames])
    x = torch.cat([f.teachers["t"].layers[1].x.mean(1)[f.labelled["kind"]] for f in frames])
    label = torch.cat([f.labels["kind"][f.labelled["kind"]] for f in frames])
    miss = (logits.softmax(1) - F.one_hot(label, 3)) / len(label)
    slope = miss.T @ ((x - distiller.mean) / distiller.std) + 2 * 0.05 * distiller.weight
    torch.testing.assert_close(slope, torch.zeros_like(slope), atol=1e-4, rtol=0)
    torch.testing.assert_close(miss.sum(0), torch.zeros(3), atol=1e-4, rtol=0)


def test_the_term_is_the_divergence_from_the_probe_and_only_the_student_learns():
    distiller, (given, _) = fitted(temperature=2.0), frame(8)
    found = distiller(given)["soft"]
    p, q = ((x / 2).softmax(1) for x in (probe(distiller, given), given.student.outputs["kind"]))
    torch.testing.assert_close(found, 4 * (p * (p / q).log()).sum(1))
    found.sum().backward()
    assert given.student.outputs["kind"].grad.any()
    assert given.teachers["t"].layers[1].x.grad is None
    assert not list(distiller.parameters())
    assert not any(buffer.requires_grad for buffer in distiller.buffers())


def test_untaught_samples_count_nothing_and_unlabelled_ones_do():
    distiller, taught = fitted(), torch.arange(40) % 4 != 3
    whole, few = (distiller(frame(8, taught=mask)[0])["soft"] for mask in (None, taught))
    assert not few[~taught].any()
    torch.testing.assert_close(few.mean(), whole[taught].mean())


def test_a_weight_scales_the_term():
    distiller, (given, _) = fitted(), frame(8)
    check_doubles(distiller(given), given.student.outputs["kind"], given)


def test_the_probe_travels_in_the_state():
    distiller, other = fitted(), ProbeLabels("kind", teacher="t")
    other.connect(MODELS, TASKS)
    other.load_state_dict(distiller.state_dict())
    assert torch.equal(other(frame(8)[0])["soft"], distiller(frame(8)[0])["soft"])


def test_without_labels_nothing_can_be_fitted():
    distiller = ProbeLabels("kind", teacher="t")
    distiller.connect(MODELS, TASKS)
    with pytest.raises(ValueError, match="no labelled sample of 'kind'"):
        distiller.prepare([frame(labelled=False)[0]])
    with pytest.raises(ValueError, match="layer 2: 't' has 2 layers"):
        ProbeLabels("kind", teacher="t", layer=2).connect(MODELS, TASKS)
