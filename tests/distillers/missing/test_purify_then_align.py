"""Purify-then-Align: the weighted fusion, whom each term trains, which labels it may use, sensors that are absent."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from contract.toys import TASKS, Patches, batch, gradients
from xmodal.adapter import Model
from xmodal.bus import Embedding, Frame, Tokens
from xmodal.distillation import Distillation
from xmodal.distillers import PurifyThenAlign
from xmodal.distillers.missing.modality_weights import ModalityWeights
from xmodal.losses import DiffKDTokensLoss, DISTLoss, HintLoss
from xmodal.modalities.fusion import Fusion

NAMES = ("image", "depth")


def built(form="paper", drop=0.0):
    torch.manual_seed(0)
    parts = {name: Patches(key=name) for name in NAMES}
    student = Model(Fusion(parts, width=8, depth=1, heads=2, drop=drop), TASKS)
    pta = PurifyThenAlign("kind", parts=NAMES, model="student", form=form, hold_out=2)
    step = Distillation(student, TASKS, distillers={"pta": pta})
    return student, pta, step.train()


def test_the_fusion_is_the_weighted_mean_of_the_sensors_that_are_there():
    sensors = ModalityWeights(3, 4, 2)
    with torch.no_grad():
        sensors.scores.copy_(torch.tensor([0.0, 1.0, 2.0]))
    torch.manual_seed(0)
    x = torch.randn(3, 3, 4)
    there = torch.tensor([[True, True, True], [True, False, True], [False, False, False]])
    found = sensors.fuse(x, there)
    torch.testing.assert_close(found[0], (torch.tensor([0.0, 1, 2]).softmax(0).unsqueeze(1) * x[0]).sum(0))
    torch.testing.assert_close(found[1], (torch.tensor([0.0, 2]).softmax(0).unsqueeze(1) * x[1, [0, 2]]).sum(0))
    assert found[2].abs().sum() == 0
    found.sum().backward()
    assert sensors.scores.grad.isfinite().all()


@pytest.mark.parametrize("form", ["paper", "code"])
def test_purification_is_the_mean_of_diffkd_towards_the_fusion(form):
    _, pta, step = built(form)
    frame = step.frame(batch())
    features = [frame.student.parts[name].tokens.x.mean(1) for name in NAMES]
    fused = torch.stack(features).mean(0).detach()  # the weights are equal at first
    torch.manual_seed(3)
    expected = torch.stack([pta.denoise[name](x, fused) for name, x in zip(NAMES, features, strict=True)]).mean()
    torch.manual_seed(3)
    torch.testing.assert_close(pta(frame)["purify"], expected)
    kind = HintLoss if form == "paper" else DISTLoss
    assert all(isinstance(m, DiffKDTokensLoss) and isinstance(m.distance, kind) for m in pta.denoise.values())


def test_head_and_weights_learn_from_disjoint_labels():
    _, pta, step = built()
    frame = step.frame(batch())  # samples 0 to 3 are labelled: 0 and 2 are held out
    fused = torch.stack([frame.student.parts[name].tokens.x.mean(1) for name in NAMES]).mean(0)
    each = F.cross_entropy(pta.sensors.head(fused), frame.labels["kind"].clamp_min(0), reduction="none")
    found = pta(frame)
    torch.testing.assert_close(found["head"], each * torch.tensor([0, 3, 0, 3, 0, 0]))
    torch.testing.assert_close(found["weights"], each * torch.tensor([3, 0, 3, 0, 0, 0]))


@pytest.mark.parametrize(
    ("term", "student_learns", "own"),
    [
        ("purify", True, {"denoise"}),
        ("head", False, {"sensors.head"}),
        ("weights", False, {"sensors.scores"}),
    ],
)
def test_each_term_trains_what_it_says(term, student_learns, own):
    student, pta, step = built()
    step(batch()).terms[f"pta/{term}"].sum().backward()
    assert bool(gradients(student)) is student_learns
    found = gradients(pta)
    assert found
    assert all(any(name.startswith(prefix) for prefix in own) for name in found)
    if student_learns:
        assert all(name.startswith("adapter.parts.") for name in gradients(student))


def test_the_fusion_moves_only_by_the_held_out_labels_towards_the_sensor_that_predicts_them():
    torch.manual_seed(0)
    sensors = ModalityWeights(2, 4, 3)
    kind = torch.arange(24) % 3
    x = torch.stack([torch.randn(24, 4), 3 * F.one_hot(kind, 4).float()], 1)
    there = torch.ones(24, 2, dtype=torch.bool)
    optimiser = torch.optim.Adam(sensors.parameters(), lr=0.05)
    for _ in range(60):
        optimiser.zero_grad()
        (sensors.inner(x[:12], there[:12], kind[:12]) + sensors.outer(x[12:], there[12:], kind[12:])).mean().backward()
        optimiser.step()
    assert sensors.scores.softmax(0)[1] > 0.8


def test_a_sensor_that_is_absent_or_dropped_takes_no_part():
    _, pta, step = built()
    has = torch.tensor([True, False, True, True, False, True])
    given = batch()
    frame = step.frame(replace(given, present={"depth": has}))
    changed = replace(given, entries={**given.entries, "depth": given.entries["depth"] + 9 * ~has[:, None, None, None]})
    other = step.frame(replace(changed, present={"depth": has}))
    found = []
    for one in (frame, other):
        torch.manual_seed(3)
        found.append(pta(one))
    for name in found[0]:
        assert torch.equal(found[0][name], found[1][name])
    lone = replace(given, present={"depth": torch.tensor([True] + [False] * 5)})
    assert pta(step.frame(lone))["purify"].isfinite()  # one sample has no batch statistics
    _, dropping, dropped_step = built(drop=0.5)
    assert dropping(dropped_step.frame(given))["purify"].isfinite()


def test_no_labels_no_terms_from_them():
    _, pta, step = built()
    found = pta(step.frame(replace(batch(), labels={}, labelled={})))
    assert found["head"].abs().sum() == 0
    assert found["weights"].abs().sum() == 0
    assert found["purify"] > 0


def test_parts_that_cannot_be_fused_are_refused():
    for parts in ("image", ("image",), ("image", "image")):
        with pytest.raises(ValueError, match="expected two or more names of parts"):
            PurifyThenAlign("kind", parts=parts)
    with pytest.raises(ValueError, match="form must be"):
        PurifyThenAlign("kind", parts=NAMES, form="dist")
    with pytest.raises(ValueError, match="one in two or more"):
        PurifyThenAlign("kind", parts=NAMES, hold_out=1)
    with pytest.raises(ValueError, match="has the parts"):
        PurifyThenAlign("kind", parts=("image", "radar")).connect({"student": built()[0]}, TASKS)
    uneven = Fusion({"image": Patches(), "depth": Patches(key="depth", width=4)}, width=8, heads=2)
    with pytest.raises(ValueError, match="parts of one width"):
        PurifyThenAlign("kind", parts=NAMES).connect({"student": uneven}, TASKS)
    bare = Frame(student=Embedding(parts={"other": Embedding(tokens=Tokens(torch.zeros(2, 1, 8)))}), batch=batch(2))
    with pytest.raises(ValueError, match="expected one of the parts"):
        built()[1](bare)
