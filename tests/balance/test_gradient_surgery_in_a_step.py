"""Gradient surgery inside a whole training step: projectors, heads and distillers of the real classes."""

import torch
from torch import nn

from contract.toys import TASKS, Patches, batch
from xmodal.adapter import Model, Need
from xmodal.balance import FixedWeights, GradientSurgery
from xmodal.distillation import Distillation
from xmodal.distillers import Distiller


class Pull(Distiller):
    """A projector of its own, and a term that pulls the projected vector one way."""

    projects = frozenset({"pooled"})

    def __init__(self, sign: float) -> None:
        super().__init__("teacher")
        self.sign, self.own = sign, nn.Linear(8, 1)

    def needs(self) -> dict[str, Need]:
        return {"student": Need(pooled=True)}

    def forward(self, frame):
        return {
            "pull": self.sign * (self.own(frame.student.pooled).squeeze(1) + frame.student_as["teacher"].pooled.sum(1))
        }


def stepped(balance: nn.Module) -> Distillation:
    torch.manual_seed(0)
    step = Distillation(
        Model(Patches(), TASKS),
        TASKS,
        teachers={"teacher": Patches()},
        distillers={"up": Pull(1.0), "down": Pull(-1.0)},
        balance=balance,
    )
    step.train()(batch()).total.backward()
    return step


def test_in_a_step_heads_projectors_and_distillers_learn_as_ever_and_the_encoder_is_spared_the_conflict() -> None:
    plain = {name: p.grad for name, p in stepped(FixedWeights()).named_parameters()}
    cured = {name: p.grad for name, p in stepped(GradientSurgery()).named_parameters()}
    assert plain.keys() == cured.keys()
    for name, gradient in cured.items():
        same = torch.allclose(gradient, plain[name], rtol=1e-5, atol=1e-7)
        assert same != name.startswith("student.adapter."), name
