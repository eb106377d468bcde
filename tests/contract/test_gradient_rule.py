"""PCGrad in miniature: a balance that edits gradients at the student's shared tensor, with one backward in the loop."""

import torch
from torch import nn

from contract.toys import TASKS, Patches, batch
from xmodal.adapter import Model, Need
from xmodal.distillation import Distillation
from xmodal.distillers import Distiller


class PCGrad(nn.Module):
    """Each term's gradient loses what points against another's (Yu et al. 2020)."""

    def forward(self, terms, frame):
        shared = frame.student.pooled
        values = [term.mean() for term in terms.values()]
        grads = [torch.autograd.grad(v, shared, retain_graph=True)[0] for v in values]
        total = torch.zeros_like(shared)
        for i, own in enumerate(grads):
            for j, other in enumerate(grads):
                if i != j:
                    dot = (own * other).sum()
                    own = own - dot.clamp_max(0) / other.square().sum() * other
            total += own
        return (shared * total.detach()).sum()


class Pull(Distiller):
    """Pulls the pooled vector along a given direction."""

    def __init__(self, teacher, sign):
        super().__init__(teacher)
        self.sign = sign

    def needs(self):
        return {"student": Need(pooled=True)}

    def forward(self, frame):
        return {"pull": self.sign * frame.student.pooled.sum(1)}


def gradient(signs):
    torch.manual_seed(0)
    student = Model(Patches(), TASKS)
    distillers = {f"d{i}": Pull("t", sign) for i, sign in enumerate(signs)}
    step = Distillation(student, {}, teachers={"t": Patches()}, distillers=distillers, balance=PCGrad())
    step(batch()).total.backward()
    return student.adapter.blocks[1].bias.grad


def test_opposed_terms_cancel_and_agreeing_terms_add_up():
    assert gradient([1.0, -1.0]).abs().max() < 1e-7
    torch.testing.assert_close(gradient([1.0, 1.0]), 2 * gradient([1.0]))
