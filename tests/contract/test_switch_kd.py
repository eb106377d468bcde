"""Switch-KD in miniature: the student's visual tokens are judged by the frozen teacher's language path."""

import torch
from torch import nn

from contract.toys import Patches, batch, gradients
from xmodal.adapter import Need
from xmodal.balance import FixedWeights
from xmodal.bus import Embedding
from xmodal.distillation import Distillation
from xmodal.distillers import Distiller
from xmodal.losses import kd_loss


class ToyVLM(Patches):
    """Patches -> projector -> next-token logits over a text that the batch holds."""

    def __init__(self, words: int = 11) -> None:
        super().__init__()
        self.inputs = ("image", "text")
        self.projector, self.word = nn.Linear(8, 8), nn.Embedding(words, 8)
        self.vocabulary = nn.Linear(8, words)

    def forward(self, batch, need):
        seen = super().forward(batch, need)
        return self.upper(batch, seen.tokens.x, None, -1, None)

    def upper(self, batch, tokens, valid, layer, rows):
        text = batch["text"] if rows is None else batch["text"][rows]
        sight = self.projector(tokens).mean(1, keepdim=True)
        return Embedding(outputs={"text": self.vocabulary((self.word(text) + sight).tanh())})


class VisualSwitch(Distiller):
    projects = frozenset({"tokens"})

    def needs(self):
        return {"student": Need(tokens=True), self.teacher: Need()}

    def forward(self, frame):
        tokens = frame.student_as[self.teacher].tokens.x
        switched = frame.switch[self.teacher](tokens, None, -1, None).outputs["text"]
        taught = frame.teachers[self.teacher].outputs["text"]
        return {"switch": kd_loss(switched, taught, temperature=2.0, reduction="none").mean(1)}


def run(text):
    torch.manual_seed(1)
    student, teacher = Patches(), ToyVLM()
    before = {k: v.clone() for k, v in teacher.state_dict().items()}
    step = Distillation(student, {}, teachers={"vlm": teacher}, distillers={"switch": VisualSwitch("vlm")})
    step.train()
    step(batch(text=text)).total.backward()
    return student, teacher, before, FixedWeights()


def test_gradient_reaches_the_student_through_the_frozen_teacher_and_nothing_else():
    student, teacher, before, _ = run(torch.randint(0, 11, (6, 5)))
    assert gradients(student) == [n for n, _ in student.named_parameters()]
    assert all(p.grad is None for p in teacher.parameters())
    assert all(torch.equal(before[k], v) for k, v in teacher.state_dict().items())
    assert not teacher.training


def test_the_switch_is_bound_to_the_text_of_the_batch():
    one = run(torch.zeros(6, 5, dtype=torch.long))[0].embed.weight.grad
    other = run(torch.ones(6, 5, dtype=torch.long))[0].embed.weight.grad
    assert not torch.allclose(one, other)
