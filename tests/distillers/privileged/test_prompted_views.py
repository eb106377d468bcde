"""Views weighed by prompts: weights and terms by hand, whom each term trains, the class that stands in for a label."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from contract.toys import TASKS, Patches, batch, gradients
from xmodal.adapter import Adapter, Model
from xmodal.bus import Embedding
from xmodal.distillation import Distillation
from xmodal.distillers import PromptedViews
from xmodal.tasks import Regression

PROMPTS = {"rgb": "a photo of a {}", "edge": "an edge map of a {}"}


class TwoViews(Adapter):
    modality, inputs, width = "image", ("image",), 8

    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleDict({name: Patches() for name in PROMPTS})

    def forward(self, batch, need):
        parts = {name: Embedding(pooled=part(batch, need).pooled) for name, part in self.parts.items()}
        return Embedding(pooled=sum(p.pooled for p in parts.values()) / 2, parts=parts)

    def upper(self, batch, tokens, valid, layer, rows):
        return Embedding(pooled=tokens.mean(1))


class Text(Adapter):
    modality, inputs, width = "text", ("depth",), 6

    def __init__(self):
        super().__init__()
        self.table, self.asked = nn.Embedding(128, 6), []

    def forward(self, batch, need):
        return Embedding(pooled=batch.tensor("depth").mean((2, 3)) @ torch.ones(3, 6))

    def encode_texts(self, texts):
        self.asked += texts
        with torch.no_grad():
            return torch.stack([self.table(torch.tensor([ord(c) for c in text])).mean(0) for text in texts])


def built():
    torch.manual_seed(0)
    student, views, text = Model(Patches(), TASKS), Model(TwoViews(), TASKS), Model(Text(), TASKS)
    distiller = PromptedViews("kind", prompts=PROMPTS, temperature=2.0)
    teachers = {"views": views, "text": text}
    step = Distillation(student, TASKS, teachers=teachers, distillers={"tmkd": distiller})
    step.prepare(lambda: [batch()])
    return student, views, text, distiller, step


def test_each_view_and_class_is_encoded_once_and_kept_in_the_state():
    _, _, text, distiller, step = built()
    assert text.adapter.asked == [t.replace("{}", c) for t in PROMPTS.values() for c in "abc"]
    step(batch())
    assert len(text.adapter.asked) == 6
    assert "words" in distiller.state_dict()
    assert not any(name.startswith("_text") or "table" in name for name in distiller.state_dict())
    assert "text" not in step.teachers  # it does not run on the samples


def test_weights_and_terms_by_hand():
    _, views, _, distiller, step = built()
    frame = step.frame(batch())
    kind = frame.teachers["views"].outputs["kind"].argmax(1)
    kind[:4] = torch.tensor([0, 1, 2, 0])
    each = torch.stack([frame.teachers["views"].parts[name].pooled for name in PROMPTS], 1)
    own = distiller.words[:, kind].transpose(0, 1)
    weights = (torch.cosine_similarity(distiller.to_text(each), own, dim=-1) / 0.1).softmax(1)
    mixed = (weights.unsqueeze(-1) * each).sum(1)
    answer = mixed @ views.heads["kind"].weight.T + views.heads["kind"].bias
    found = distiller(frame)
    student = frame.student.outputs["kind"]
    kl = F.kl_div((student / 2).log_softmax(1), (answer / 2).softmax(1), reduction="none").sum(1)
    torch.testing.assert_close(found["logits"], 4 * kl)
    torch.testing.assert_close(found["feature"], (frame.student_as["views"].pooled - mixed).square().mean(1))

    def contrast(vectors, view):
        cosines = F.normalize(vectors, dim=1) @ F.normalize(distiller.words[view], dim=1).T
        return F.cross_entropy(cosines / 0.07, kind, reduction="none")

    torch.testing.assert_close(found["contrast"], contrast(distiller.student_to_text(frame.student.pooled), 0))
    both = (contrast(distiller.to_text(each[:, 0]), 0) + contrast(distiller.to_text(each[:, 1]), 1)) / 2
    torch.testing.assert_close(found["views"], both)


def test_equal_views_give_the_teachers_own_answer():
    _, views, _, distiller, step = built()
    views.adapter.parts["edge"].load_state_dict(views.adapter.parts["rgb"].state_dict())
    frame = step.frame(batch())
    frame.student.outputs["kind"] = frame.teachers["views"].outputs["kind"] + 1
    torch.testing.assert_close(distiller(frame)["logits"], torch.zeros(6), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("term", "student_learns", "own"),
    [
        ("feature", True, set()),
        ("logits", True, set()),
        ("contrast", True, {"student_to_text.weight", "student_to_text.bias"}),
        ("views", False, {"to_text.weight", "to_text.bias"}),
    ],
)
def test_each_term_trains_what_it_says_and_no_teacher(term, student_learns, own):
    student, views, text, distiller, step = built()
    step(batch()).terms[f"tmkd/{term}"].sum().backward()
    assert bool(gradients(student)) is student_learns
    assert set(gradients(distiller)) == own
    assert not gradients(views)
    assert not gradients(text)


def test_untaught_samples_count_nothing():
    _, _, _, distiller, step = built()
    frame = step.frame(batch())
    taught = torch.tensor([True, True, False, True, True, False])
    part, whole = distiller(replace(frame, taught={"views": taught})), distiller(frame)
    for name, term in part.items():
        assert term[~taught].abs().sum() == 0
        torch.testing.assert_close(term.mean(), whole[name][taught].mean())


def test_what_cannot_be_prompted_is_refused():
    with pytest.raises(ValueError, match="expected templates with one"):
        PromptedViews("kind", prompts={"rgb": "a photo"})
    models = {"student": Patches(), "views": Patches(), "text": Patches()}
    with pytest.raises(ValueError, match="cannot encode prompts"):
        PromptedViews("kind", prompts=PROMPTS).connect(models, TASKS)
    with pytest.raises(ValueError, match="names of classes"):
        PromptedViews("age", prompts=PROMPTS).connect(models, {"age": Regression()})
    with pytest.raises(ValueError, match="no text teacher 'words'"):
        PromptedViews("kind", prompts=PROMPTS, text="words").connect(models, TASKS)
