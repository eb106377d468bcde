"""PHI-S in miniature: statistics of the teacher's tokens are taken once before the first step and kept in the state."""

import torch

from contract.toys import Patches, batch
from xmodal.adapter import Need
from xmodal.distillation import Distillation
from xmodal.distillers import Distiller
from xmodal.losses import hint_loss

HADAMARD = torch.tensor([[1.0, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2


class Isotropic(Distiller):
    """PCA, a Hadamard rotation and one scale: every channel of the target has the same variance."""

    projects = frozenset({"tokens"})

    def __init__(self, teacher):
        super().__init__(teacher)
        self.register_buffer("mean", torch.zeros(4))
        self.register_buffer("matrix", torch.eye(4))

    def needs(self):
        return {"student": Need(tokens=True), self.teacher: Need(tokens=True)}

    def prepare(self, frames):
        x = torch.cat([f.teachers[self.teacher].tokens.x.flatten(0, 1) for f in frames]).double()
        values, vectors = torch.linalg.eigh(x.T.cov())
        self.mean.copy_(x.mean(0))
        self.matrix.copy_(HADAMARD.double() @ vectors.T / values.clamp_min(0).mean().sqrt())

    def standardised(self, tokens):
        return (tokens - self.mean) @ self.matrix.T

    def forward(self, frame):
        target = self.standardised(frame.teachers[self.teacher].tokens.x)
        return {"phi_s": hint_loss(frame.student_as[self.teacher].tokens.x, target, reduction="none").mean(1)}


def built():
    torch.manual_seed(0)
    return Distillation(
        Patches(), {}, teachers={"dino": Patches(width=4)}, distillers={"phi": Isotropic("dino")}
    ).train()


def test_channels_of_the_target_have_unit_variance_after_prepare():
    step = built()
    step.prepare(lambda: [batch()])
    target = step.distillers["phi"].standardised(step.frame(batch()).teachers["dino"].tokens.x)
    torch.testing.assert_close(target.flatten(0, 1).var(0), torch.ones(4), rtol=1e-4, atol=1e-4)
    assert step.training
    assert not step.teachers["dino"].training


def test_the_statistics_travel_in_the_state():
    step, other = built(), built()
    step.prepare(lambda: [batch()])
    other.load_state_dict(step.state_dict())
    assert torch.equal(other.distillers["phi"].matrix, step.distillers["phi"].matrix)
