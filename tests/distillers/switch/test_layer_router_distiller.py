"""A router over teacher layers: the mixture and all terms by formula, and who learns from which."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from contract.toys import gradients
from xmodal.adapter import Model
from xmodal.balance import FixedWeights
from xmodal.data.batch import Batch
from xmodal.distillation import Distillation
from xmodal.distillers import LayerRouter
from xmodal.losses import spectral_loss
from xmodal.modalities.eeg import EEGPatches
from xmodal.tasks import Classification

TASKS = {"state": Classification(("a", "b", "c"))}


def batch():
    torch.manual_seed(0)
    labels = torch.tensor([0, 1, 2, -1])
    data = torch.randn(4, 3, 100)
    entries = {"eeg": data, "eeg/one": data[:, :1]}
    return Batch(tuple("abcd"), entries, torch.arange(4), labels={"state": labels}, labelled={"state": labels >= 0})


def step_of(weights=None, width=8, **changes):
    torch.manual_seed(1)
    common = dict(rate_hz=50.0, patch_s=0.4, step_s=0.4, heads=2, dropout=0.0, unit_uv=1.0)
    student = Model(EEGPatches("eeg/one", 1, width=width, depth=1, **common), TASKS)
    teacher = Model(EEGPatches("eeg", 3, width=8, depth=3, **common), TASKS)
    distillers = {"route": LayerRouter("state", teacher="all", **changes)}
    return Distillation(student, TASKS, teachers={"all": teacher}, distillers=distillers, balance=FixedWeights(weights))


def mixture(router, frame):
    layers = [F.layer_norm(layer.x, (8,)) for layer in frame.teachers["all"].layers]
    share = (router.route(torch.cat([x.mean(1) for x in layers], 1)) / router.temperature).softmax(1)
    assert share.std(0).max() > 1e-3  # another mixture for each input
    return sum(share[:, i, None, None] * x for i, x in enumerate(layers))  # [B, 3 * 5, D]


def test_terms_by_formula():
    step = step_of(temperature=0.5)
    router, frame = step.distillers["route"], step.frame(batch())
    routed = mixture(router, frame)
    at_oz = routed.view(4, 3, 5, 8).mean(1)  # one electrode against the mean of three
    own = frame.student.tokens.x
    found = router(frame)
    torch.testing.assert_close(found["mimic"], (F.layer_norm(own, (8,)) - at_oz).square().mean((1, 2)))
    spectra = spectral_loss(own.unsqueeze(1), at_oz.unsqueeze(1), dim=2, reduction="none")
    torch.testing.assert_close(found["spectrum"], spectra)
    told = F.cross_entropy(router.head(routed.mean(1)), batch().labels["state"], ignore_index=-1, reduction="none")
    torch.testing.assert_close(found["router"], told * 4 / 3)


def test_samples_that_were_not_taught_count_nothing():
    step = step_of()
    router, frame = step.distillers["route"], step.frame(batch())
    taught = torch.tensor([True, False, True, True])
    every, some = router(frame), router(replace(frame, taught={"all": taught}))
    labelled = torch.tensor([True, True, True, False])
    for term in some:
        assert some[term][1] == 0
        kept = taught & labelled if term == "router" else taught
        whole = every[term] * (3 / 4 if term == "router" else 1)
        torch.testing.assert_close(some[term].mean(), whole[kept].mean())


@pytest.mark.parametrize("width", [8, 6])
@pytest.mark.parametrize("term", ["mimic", "spectrum", "router"])
def test_the_router_learns_from_its_labels_alone_and_the_student_from_the_others(term, width):
    weights = {"task": 0.0} | {f"route/{name}": float(name == term) for name in ("mimic", "spectrum", "router")}
    step = step_of(weights, width=width)
    step(batch()).total.backward()
    assert bool(gradients(step.student)) is (term != "router")
    assert bool(gradients(step.distillers["route"])) is (term == "router")
    assert all(p.grad is None for p in step.teachers["all"].parameters())
    assert bool(step.bus.projectors) is (width == 6)  # a student of the teacher's width is compared as it is


def test_a_doubled_weight_doubles_the_gradient():
    def gradient(weight):
        step = step_of({"task": 0.0, "route": weight})
        step(batch()).total.backward()
        return step.student.adapter.spectrum.weight.grad

    torch.testing.assert_close(2 * gradient(1.0), gradient(2.0))


def test_teachers_whose_layers_do_not_agree_are_refused():
    from xmodal.modalities.eeg import EEGConv

    with pytest.raises(ValueError, match="layers and tokens have one width, found layers \\(16, 64\\)"):
        LayerRouter("state").connect({"student": EEGPatches(), "teacher": EEGConv()}, TASKS)
    with pytest.raises(ValueError, match="must be positive"):
        LayerRouter("state", temperature=0.0)
    step = step_of()
    frame = step.frame(batch())
    first, *rest = frame.teachers["all"].layers
    other = replace(frame.teachers["all"], layers=(replace(first, grid=(5, 3)), *rest))
    with pytest.raises(ValueError, match="layers of one grid"):
        step.distillers["route"](replace(frame, teachers={"all": other}))
