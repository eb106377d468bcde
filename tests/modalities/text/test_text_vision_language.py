"""A language model after an image: the text is spoken in view of the image, and a switch reaches the student only."""

import pytest
import torch

from contract.toys import Patches, gradients
from xmodal.adapter import Need
from xmodal.data.batch import Batch
from xmodal.distillation import Distillation
from xmodal.distillers import Distiller
from xmodal.errors import ConfigError
from xmodal.losses import kd_loss
from xmodal.modalities.text import CausalLM, VisionLanguage
from xmodal.modalities.text.entry import batch_of_texts
from xmodal.testing import check_adapter


def teacher(**changes):
    torch.manual_seed(3)
    return VisionLanguage(Patches(**changes), CausalLM(width=16, depth=2, heads=2))


def batch(texts=("a red car", "snow", "rain on the road", "night")):
    torch.manual_seed(0)
    text = batch_of_texts(texts)
    images = torch.randn(len(texts), 3, 8, 8)
    return Batch(text.keys, {"image": images, **text.entries}, text.index)


class VisualSwitch(Distiller):
    projects = frozenset({"tokens"})

    def needs(self):
        return {"student": Need(tokens=True), self.teacher: Need()}

    def forward(self, frame):
        tokens = frame.student_as[self.teacher].tokens.x
        switched = frame.switch[self.teacher](tokens, None, -1, None).outputs["next_token"]
        taught = frame.teachers[self.teacher].outputs["next_token"]
        return {"switch": kd_loss(switched, taught, temperature=2.0, reduction="none").mean(1)}


def test_contract():
    check_adapter(teacher(), batch())


def test_the_prefix_is_seen_by_the_text_and_the_text_keeps_its_places():
    model = teacher().eval()
    one = batch()
    out = model(one, Need(pooled=True))
    assert out.outputs["next_token"].shape == (4, 18, 258)
    other = Batch(one.keys, {**one.entries, "image": one.tensor("image").flip(0)}, one.index)
    assert not torch.allclose(model(other, Need()).outputs["next_token"], out.outputs["next_token"], atol=1e-5)
    nothing = torch.zeros(4, 3, 16)
    ignored = torch.zeros(4, 3, dtype=torch.bool)
    without = model.language.after(nothing, ignored, one, None, Need(pooled=True))
    assert torch.allclose(without.pooled, model.language(one, Need(pooled=True)).pooled, atol=1e-6)


def test_the_places_of_the_text_are_told_where_tokens_are_needed():
    model = teacher().eval()
    assert not model(batch(), Need(pooled=True)).parts
    text = model(batch(), Need(tokens=True)).parts["text"].tokens
    assert text.valid.sum(1).tolist() == [len(t) + 2 for t in ("a red car", "snow", "rain on the road", "night")]


def test_a_large_vocabulary_need_not_be_spoken():
    silent = VisionLanguage(Patches(), CausalLM(width=16, depth=2, heads=2), next_token=False).eval()
    assert not silent(batch(), Need(pooled=True)).outputs


def test_the_upper_part_with_the_models_own_tokens_gives_its_own_answer():
    model = teacher().eval()
    full = model(batch(), Need(pooled=True, tokens=True, layers=True))
    for tokens, layer in ((full.tokens.x, -1), (full.layers[0].x, 0)):
        again = model.upper(batch(), tokens, None, layer, None)
        assert torch.allclose(again.outputs["next_token"], full.outputs["next_token"], atol=1e-6)
    rows = torch.tensor([2, 0])
    some = model.upper(batch(), full.tokens.x[rows], None, -1, rows)
    assert torch.allclose(some.pooled, full.pooled[rows], atol=1e-6)


def test_the_gradient_of_a_visual_switch_reaches_the_student_and_nothing_else():
    student, vlm = Patches(width=6), teacher()
    before = {k: v.clone() for k, v in vlm.state_dict().items()}
    step = Distillation(student, {}, teachers={"vlm": vlm}, distillers={"switch": VisualSwitch("vlm")}).train()
    losses = step(batch())
    losses.total.backward()
    assert losses.terms["switch/switch"].shape == (4,)
    assert gradients(student) == [n for n, _ in student.named_parameters()]
    assert all(p.grad is None for p in vlm.parameters())
    assert all(torch.equal(before[k], v) for k, v in vlm.state_dict().items())


def test_wrong_parts_are_named():
    blind = Patches()
    blind.token_width = 0
    with pytest.raises(ConfigError, match="Patches has no tokens"):
        VisionLanguage(blind, CausalLM(width=16, depth=1, heads=2))
    with pytest.raises(ConfigError, match="prefix of width 16, found 5"):
        teacher().language.after(torch.zeros(4, 2, 5), None, batch(), None, Need())
