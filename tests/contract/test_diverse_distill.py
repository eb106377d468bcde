"""DiverseDistill in miniature: questions enter a chosen teacher layer, for the samples that the teacher suits."""

import torch
from torch import nn

from contract.toys import TASKS, Patches, batch, gradients
from xmodal.adapter import Model, Need
from xmodal.distillation import Distillation
from xmodal.distillers import Distiller
from xmodal.losses import hint_loss


class Questions(Distiller):
    """A question per sample is run through the teacher from layer 0 up; samples of low importance are left out."""

    def __init__(self, teacher, width, keep=4):
        super().__init__(teacher)
        self.keep = keep
        self.question, self.answer, self.importance = nn.Linear(width, 8), nn.Linear(8, width), nn.Linear(width, 1)

    def needs(self):
        return {"student": Need(pooled=True), self.teacher: Need()}

    def forward(self, frame):
        state = frame.student.pooled
        weight = self.importance(state).sigmoid().squeeze(1)  # [B]
        rows = weight.topk(self.keep).indices.sort().values
        asked = self.question(state[rows]).unsqueeze(1)  # [b, 1, D]
        answer = self.answer(frame.switch[self.teacher](asked, None, 0, rows).pooled)
        self.asked_rows = rows
        term = torch.zeros_like(weight)
        term[rows] = weight[rows] * hint_loss(state[rows], answer, reduction="none") + answer.square().mean(1)
        return {"answer": term}


def test_rows_are_dropped_and_the_question_learns_through_the_teacher():
    student, teacher = Model(Patches(), TASKS), Patches(key="depth", depth=3)
    distiller = Questions("expert", 8)
    step = Distillation(student, TASKS, teachers={"expert": teacher}, distillers={"ask": distiller}).train()
    losses = step(batch())
    losses.terms["ask/answer"].sum().backward()
    assert len(distiller.asked_rows) == 4
    dropped = sorted(set(range(6)) - set(distiller.asked_rows.tolist()))
    assert (losses.terms["ask/answer"][dropped] == 0).all()
    assert "question.weight" in gradients(distiller)
    assert not gradients(teacher)


def test_what_the_distiller_owns_is_trained_and_saved_with_the_distillation():
    step = Distillation(Patches(), {}, teachers={"t": Patches()}, distillers={"ask": Questions("t", 8)})
    assert "distillers.ask.question.weight" in step.state_dict()
    assert not any("teachers" in name for name in step.state_dict())
