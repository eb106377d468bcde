"""A student's tokens inside a frozen teacher: values by formula, masks, grids, and where the gradient goes."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from contract.toys import TASKS, Patches, batch, gradients
from xmodal.adapter import Model, Need
from xmodal.balance import FixedWeights
from xmodal.bus import Embedding, Frame, Pairs, Tokens
from xmodal.data.batch import Batch
from xmodal.distillation import Distillation
from xmodal.distillers import VisualSwitch
from xmodal.losses import DBiLDLoss, HintLoss, KDLoss, dbild_loss
from xmodal.modalities.text import CausalLM, VisionLanguage
from xmodal.modalities.text.entry import batch_of_texts

WEIGHTS = torch.randn(5, 3, generator=torch.Generator().manual_seed(5))


def upper(tokens, valid, layer, rows):
    keep = torch.ones(tokens.shape[:2]) if valid is None else valid.float()
    mean = (tokens * keep.unsqueeze(-1)).sum(1) / keep.sum(1, keepdim=True).clamp_min(1)
    return Embedding(outputs={"kind": mean @ WEIGHTS})


def frame(student_grid=(2, 2), teacher_grid=(2, 2), taught=None, pairs=None):
    torch.manual_seed(2)
    many, few = student_grid[0] * student_grid[1], teacher_grid[0] * teacher_grid[1]
    projected = Tokens(torch.randn(4, many, 5, requires_grad=True), grid=student_grid, key="a")
    own = Embedding(outputs={"kind": torch.randn(4, 3, requires_grad=True)})
    return Frame(
        student=own,
        student_as={"teacher": Embedding(tokens=projected)},
        teachers={
            "teacher": Embedding(
                tokens=Tokens(torch.randn(4, few, 5), grid=teacher_grid, key="b"),
                outputs={"kind": torch.randn(4, 3, requires_grad=True)},
            )
        },
        batch=Batch(tuple("abcd"), {}, torch.arange(4)),
        switch={"teacher": upper},
        pairs={} if pairs is None else {("student", "teacher"): Pairs(pairs, torch.ones(len(pairs)))},
        taught={"teacher": torch.ones(4, dtype=torch.bool) if taught is None else taught},
    )


def test_both_terms_are_the_loss_to_the_teachers_logits():
    given = frame()
    found = VisualSwitch("kind")(given)
    target = given.teachers["teacher"].outputs["kind"].detach()
    switched = given.student_as["teacher"].tokens.x.mean(1) @ WEIGHTS
    for name, logits in (("align", given.student.outputs["kind"]), ("switch", switched)):
        torch.testing.assert_close(found[name], dbild_loss(logits, target, temperature=2.0, reduction="none"))
    (found["align"] + found["switch"]).sum().backward()
    assert given.teachers["teacher"].outputs["kind"].grad is None


def test_samples_that_were_not_taught_count_nothing():
    taught = torch.tensor([True, False, True, True])
    every, some = frame(), frame(taught=taught)
    loss = KDLoss(reduction="none")
    for name, found in VisualSwitch("kind", loss=loss)(some).items():
        expected = VisualSwitch("kind", loss=loss)(every)[name][taught].mean()
        torch.testing.assert_close(found.mean(), expected)
        assert found[1] == 0


def test_a_finer_grid_is_averaged_and_a_coarser_one_repeated():
    def mean_of(grid, other):
        given = frame(grid, other)
        seen = []
        given = replace(given, switch={"teacher": lambda t, *rest: seen.append(t) or upper(t, *rest)})
        VisualSwitch("kind")(given)
        return given.student_as["teacher"].tokens.x.detach(), seen[0].detach()

    fine, given = mean_of((4, 4), (2, 2))
    torch.testing.assert_close(given[:, 1], fine[:, [2, 3, 6, 7]].mean(1))
    coarse, given = mean_of((2, 2), (4, 4))
    torch.testing.assert_close(given[:, [0, 1, 4, 5]], coarse[:, :1].expand(-1, 4, -1))


def test_tokens_travel_over_pairs_and_those_without_one_are_not_valid():
    pairs = torch.tensor([[0, 0, 2], [0, 3, 2], [0, 1, 0], [1, 1, 1], [2, 0, 0]])
    given = frame(pairs=pairs)
    found = VisualSwitch("kind", match="pairs", loss=HintLoss(reduction="none"))(given)["switch"]
    x, target = given.student_as["teacher"].tokens.x, given.teachers["teacher"].outputs["kind"].detach()
    state = torch.stack([((x[0, 0] + x[0, 3]) / 2 + x[0, 1]) / 2, x[1, 1], x[2, 0]])
    expected = (state @ WEIGHTS - target[:3]).square().mean(1)
    torch.testing.assert_close(found.mean(), expected.mean())
    assert found[3] == 0  # nothing of it looks at anything of the teacher


class NormedVLM(Patches):
    """Patches -> norm with running statistics -> state; deterministic given the image tokens and the text."""

    def __init__(self):
        super().__init__()
        self.inputs = ("image", "text")
        self.norm, self.word, self.out = nn.BatchNorm1d(8), nn.Embedding(7, 8), nn.Linear(8, 8)

    def forward(self, batch, need):
        seen = super().forward(batch, need)
        return replace(seen, pooled=self.upper(batch, seen.tokens.x, None, -1, None).pooled)

    def upper(self, batch, tokens, valid, layer, rows):
        sight = self.norm(tokens.transpose(1, 2)).mean(2)
        return Embedding(pooled=self.out(sight + self.word(batch["text"]).mean(1)).tanh())


def run(text, weights, student=None):
    torch.manual_seed(1)
    student, teacher = student or Model(Patches(), TASKS), Model(NormedVLM(), TASKS)
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    distillers = {"switch": VisualSwitch("kind", teacher="vlm")}
    step = Distillation(
        student, TASKS, teachers={"vlm": teacher}, distillers=distillers, balance=FixedWeights(weights)
    ).train()
    losses = step(batch(text=text))
    losses.total.backward()
    assert all(torch.equal(before[name], value) for name, value in teacher.state_dict().items())
    assert all(p.grad is None for p in teacher.parameters())
    assert not any(part.training for part in teacher.modules())
    return student, losses


def test_the_switch_alone_trains_the_visual_path_and_changes_nothing_of_the_teacher():
    """Neither its parameters nor its running statistics."""
    text = torch.randint(0, 7, (6, 5))
    student, _ = run(text, {"task": 0.0, "switch/align": 0.0, "switch/switch": 1.0})
    assert gradients(student.adapter) == [name for name, _ in student.adapter.named_parameters()]
    assert not gradients(student.heads)
    without, _ = run(text, {"task": 0.0, "switch/align": 0.0, "switch/switch": 0.0})
    assert not gradients(without)


def test_the_teachers_text_is_heard_and_a_doubled_weight_doubles_the_gradient():
    def gradient(text, weight):
        only = {"task": 0.0, "switch/align": 0.0, "switch/switch": weight}
        return run(text, only)[0].adapter.embed.weight.grad

    one = torch.zeros(6, 5, dtype=torch.long)
    torch.testing.assert_close(2 * gradient(one, 1.0), gradient(one, 2.0))
    assert not torch.allclose(gradient(one, 1.0), gradient(one + 1, 1.0))


def vision_language():
    torch.manual_seed(3)
    return VisionLanguage(Patches(), CausalLM(width=16, depth=2, heads=2))


def test_next_token_logits_count_where_a_token_follows():
    """The student is a model of image and text, too; padding of shorter texts changes nothing."""
    text = batch_of_texts(("a red car", "snow"))
    images = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    whole = Batch(text.keys, {"image": images, **text.entries}, text.index)
    teacher, student = vision_language(), vision_language()
    with torch.no_grad():
        student.image.embed.weight.mul_(3)
    loss = KDLoss(reduction="none")
    distillers = {"s": VisualSwitch("next_token", teacher="vlm", places="text", loss=loss)}
    step = Distillation(student, {}, teachers={"vlm": teacher}, distillers=distillers)
    found = step(whole).terms
    logits = [model(whole, Need()).outputs["next_token"] for model in (student, teacher)]
    lengths = text.ragged("text").lengths + 2  # start and end; what follows the end is foretold by nobody
    each = [loss(logits[0][i, : n - 1], logits[1][i, : n - 1]).mean() for i, n in enumerate(lengths.tolist())]
    torch.testing.assert_close(found["s/align"], torch.stack(each))
    assert found["s/switch"].shape == (2,)
    found["s/switch"].sum().backward()
    assert "image.embed.weight" in gradients(student)
    assert not [name for name in gradients(student) if "language" in name or "projector" in name]


def test_the_teachers_own_tokens_switch_to_its_own_answer():
    teacher, student = Model(Patches(), TASKS), Model(Patches(), TASKS)
    student.adapter.load_state_dict(teacher.adapter.state_dict())
    step = Distillation(
        student, TASKS, teachers={"t": teacher}, distillers={"s": VisualSwitch("kind", teacher="t", layer=0)}
    )
    bus = step.bus.projectors["t"]["tokens"]
    nn.init.eye_(bus.weight)
    nn.init.zeros_(bus.bias)
    seen = step.frame(batch())
    first = replace(seen.student_as["t"].tokens, x=seen.teachers["t"].layers[0].x)
    again = replace(seen, student_as={"t": Embedding(tokens=first)})
    torch.testing.assert_close(step.distillers["s"](again)["switch"], torch.zeros(6), atol=1e-6, rtol=0)


def test_what_cannot_be_matched_is_refused():
    with pytest.raises(ValueError, match="match: expected one of"):
        VisualSwitch("kind", match="nearest")
    with pytest.raises(ValueError, match="expected a layer from -1 to 1, found 4"):
        VisualSwitch("kind", layer=4).connect({"teacher": Patches()}, {})
    with pytest.raises(ValueError, match="has no output 'sort'"):
        VisualSwitch("sort")(frame())
    bare = frame()
    without = replace(bare.teachers["teacher"], tokens=replace(bare.teachers["teacher"].tokens, grid=None))
    with pytest.raises(ValueError, match="do not match"):
        VisualSwitch("kind")(replace(bare, teachers={"teacher": without}))
    assert isinstance(VisualSwitch("kind").loss, DBiLDLoss)
