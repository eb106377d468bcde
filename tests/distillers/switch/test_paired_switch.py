"""Image tokens in the place of voxels: which are replaced, which count, and where the gradient goes."""

from dataclasses import replace

import pytest
import torch

from contract.toys import gradients
from xmodal.adapter import Model
from xmodal.balance import FixedWeights
from xmodal.bus import Embedding, Frame, Pairs, Tokens
from xmodal.data.batch import Batch, Ragged
from xmodal.distillation import Distillation
from xmodal.distillers import PairedSwitch
from xmodal.losses import HintLoss
from xmodal.modalities.image import TimmImage
from xmodal.modalities.lidar import PointEncoder
from xmodal.tasks import Segmentation

TASKS = {"parts": Segmentation(("a", "b", "c"))}


def test_replaced_tokens_are_compared_and_the_others_stay_the_teachers_own():
    torch.manual_seed(0)
    pairs = torch.tensor([[0, 0, 1], [0, 2, 1], [0, 2, 3], [1, 1, 0]])
    own, kept = torch.randn(2, 3, 4, requires_grad=True), torch.randn(2, 5, 4)
    valid = torch.ones(2, 5, dtype=torch.bool)
    target, seen = torch.randn(2, 5, 4, requires_grad=True), []
    frame = Frame(
        student=Embedding(),
        student_as={"teacher": Embedding(tokens=Tokens(own))},
        teachers={
            "teacher": Embedding(
                tokens=Tokens(torch.zeros(2, 5, 4), valid=valid), layers=(Tokens(kept),), outputs={"parts": target}
            )
        },
        switch={"teacher": lambda x, *rest: seen.append((x, *rest)) or Embedding(outputs={"parts": 2 * x})},
        batch=Batch(("a", "b"), {}, torch.arange(2)),
        pairs={("student", "teacher"): Pairs(pairs, torch.tensor([1.0, 3.0, 1.0, 1.0]))},
        taught={"teacher": torch.tensor([True, True])},
    )
    distiller = PairedSwitch("parts", loss=HintLoss(reduction="none"))
    found = distiller(frame)["switch"]
    mixed, given_valid, layer, rows = seen[0]
    assert (layer, rows) == (0, None)
    assert given_valid is valid
    torch.testing.assert_close(mixed[0, 1], (own[0, 0] + 3 * own[0, 2]) / 4)
    torch.testing.assert_close(mixed[0, [0, 2, 4]], kept[0, [0, 2, 4]])
    each = (2 * mixed - target).square().mean(-1)
    torch.testing.assert_close(found, torch.stack([each[0, [1, 3]].mean(), each[1, 0]]))
    found.sum().backward()
    assert target.grad is None
    first = distiller(replace(frame, taught={"teacher": torch.tensor([False, True])}))["switch"]
    torch.testing.assert_close(first, torch.stack([torch.zeros(()), 2 * each[1, 0]]))


def run(weight):
    """Clouds in front of a camera; the link says where each point falls in the image."""
    torch.manual_seed(0)
    cloud = torch.rand(240, 4) * torch.tensor([20.0, 10.0, 2.0, 1.0])
    lengths = torch.tensor([120, 120])
    uv = torch.rand(240, 2) * 64
    batch = Batch(
        ("a", "b"),
        {"image": torch.rand(2, 3, 64, 64), "lidar": Ragged(cloud, lengths)},
        torch.arange(2),
        links={("lidar", "image"): Ragged(uv, lengths)},
    )
    student = Model(TimmImage("test_resnet"), TASKS)
    teacher = Model(PointEncoder(width=16, depth=2, voxel_size_m=1.0), TASKS)
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    distillers = {"switch": PairedSwitch("parts", teacher="lidar")}
    balance = FixedWeights({"task": 0.0, "switch": weight})
    step = Distillation(student, TASKS, teachers={"lidar": teacher}, distillers=distillers, balance=balance).train()
    step(batch).total.backward()
    assert all(torch.equal(before[name], value) for name, value in teacher.state_dict().items())
    assert all(p.grad is None for p in teacher.parameters())
    return student


def test_the_gradient_passes_the_frozen_teacher_and_ends_in_the_student():
    once, twice, never = run(1.0), run(2.0), run(0.0)
    weight = "adapter.backbone.conv1.0.weight"
    assert weight in gradients(once)
    assert not [name for name in gradients(once) if name.startswith("heads")]
    own, doubled = (dict(model.named_parameters())[weight].grad for model in (once, twice))
    torch.testing.assert_close(2 * own, doubled)
    assert not gradients(never)


def test_a_layer_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="expected a layer from -1 to 1, found 2"):
        PairedSwitch("parts", layer=2).connect({"teacher": PointEncoder(width=8, depth=2)}, TASKS)
