"""AMFD in miniature: feature maps of several scales of a two-sensor teacher, brought down to one stream."""

import torch
from torch import nn

from contract.toys import Patches, batch, gradients
from xmodal.adapter import Need
from xmodal.distillation import Distillation
from xmodal.distillers import Distiller
from xmodal.losses import hint_loss


class Pyramid(Distiller):
    def __init__(self, teacher, widths):
        super().__init__(teacher)
        self.adapt = nn.ModuleList(nn.Linear(s, t) for s, t in widths)

    def needs(self):
        return {"student": Need(layers=True), self.teacher: Need(layers=True)}

    def forward(self, frame):
        terms = {}
        levels = zip(self.adapt, frame.student.layers, frame.teachers[self.teacher].layers, strict=True)
        for i, (adapt, student, teacher) in enumerate(levels):
            assert student.grid == teacher.grid
            terms[f"level{i}"] = hint_loss(adapt(student.x), teacher.x, reduction="none").mean(1)
        return terms


def test_each_level_keeps_its_own_number_of_tokens_width_and_term():
    student, teacher = Patches(pyramid=True), Patches(key="depth", width=12, pyramid=True)
    distiller = Pyramid("thermal", [(8, 12), (8, 12)])
    step = Distillation(student, {}, teachers={"thermal": teacher}, distillers={"amfd": distiller})
    terms = step(batch()).terms
    assert {name: term.shape for name, term in terms.items()} == {
        "amfd/level0": torch.Size([6]),
        "amfd/level1": torch.Size([6]),
    }
    terms["amfd/level0"].sum().backward()
    assert "blocks.0.weight" in gradients(student)
    assert "blocks.1.weight" not in gradients(student), "the fine level must not reach the coarse block"
