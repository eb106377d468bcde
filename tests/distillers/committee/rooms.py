"""Frames with two teachers "a" and "b", made by hand, and the check that a weight scales a term and nothing else."""

from __future__ import annotations

from types import SimpleNamespace

import torch
from torch import Tensor

from xmodal.balance import FixedWeights
from xmodal.bus import Embedding, Frame, Pairs, Tokens
from xmodal.data.batch import Batch
from xmodal.tasks import Classification, Segmentation

B, N, D, C = 5, 4, 6, 3
TASKS = {"kind": Classification(("a", "b", "c")), "each": Segmentation(("a", "b", "c"))}
LABELS = torch.tensor([0, 1, -1, 2, 1])
EVERY = torch.ones(B, dtype=torch.bool)
MODELS = {
    "student": SimpleNamespace(width=D, token_width=D, layer_widths=(3, D)),
    "a": SimpleNamespace(width=4, token_width=4, layer_widths=()),
    "b": SimpleNamespace(width=8, token_width=0, layer_widths=()),
}


def teacher(width: int) -> Embedding:
    return Embedding(
        pooled=torch.randn(B, width),
        tokens=Tokens(torch.randn(B, N, width), grid=(2, 2), key="a"),
        outputs={"kind": 2 * torch.randn(B, C), "each": 2 * torch.randn(B, N, C)},
    )


def frame(*, a: Tensor = EVERY, b: Tensor = EVERY, labels: Tensor | None = LABELS, seen: Tensor | None = None) -> Frame:
    """a, b: [B] bool, whom each teaches. The student's tensors are leaves. Tokens pair one to one."""
    torch.manual_seed(3)
    tokens = torch.randn(B, N, D, requires_grad=True)
    student = Embedding(
        pooled=torch.randn(B, D, requires_grad=True),
        tokens=Tokens(tokens, grid=(2, 2), key="s"),
        layers=(
            Tokens(torch.randn(B, 16, 3, requires_grad=True), grid=(4, 4), key="s"),
            Tokens(tokens, grid=(2, 2), key="s"),
        ),
        outputs={"kind": torch.randn(B, C, requires_grad=True), "each": torch.randn(B, N, C, requires_grad=True)},
        parts={"eye": Embedding(tokens=Tokens(torch.randn(B, N, 4, requires_grad=True))),
               "ear": Embedding(pooled=torch.randn(B, 8, requires_grad=True))},
    )  # fmt: skip
    every = torch.cartesian_prod(torch.arange(B), torch.arange(N))
    pairs = Pairs(torch.cat([every, every[:, 1:]], 1), torch.ones(len(every)))
    others = {"a": teacher(4), "b": teacher(8)}
    projected = Embedding(torch.randn(B, 4, requires_grad=True), Tokens(torch.randn(B, N, 4, requires_grad=True)))
    return Frame(
        student=student,
        student_as={"a": projected},
        teachers=others,
        batch=batch(labels),
        pairs={("student", name): pairs for name in others},
        taught={"a": a, "b": b},
        seen=batch(labels if seen is None else seen),
        progress=0.5,
    )


def batch(labels: Tensor | None) -> Batch:
    given = {} if labels is None else {"kind": labels}
    known = {name: label >= 0 for name, label in given.items()}
    return Batch(tuple(map(str, range(B))), {}, torch.arange(B), labels=given, labelled=known)


def connected(distiller):
    torch.manual_seed(4)
    distiller.connect(MODELS, TASKS)
    return distiller.train()


def kl(p: Tensor, student: Tensor, temperature: float = 1.0) -> Tensor:
    """[...]: T^2 KL(p || softmax(student / T)), written out."""
    q = (student / temperature).softmax(-1)
    return temperature**2 * (p * (p.log() - q.log())).sum(-1)


def check_doubles(terms: dict[str, Tensor], leaf: Tensor, given: Frame) -> None:
    """Each term that reaches the leaf contributes exactly twice as much at twice the weight; at least one does."""
    reached = 0
    for name in terms:
        grads = []
        for weight in (1.0, 2.0):
            total = FixedWeights({**dict.fromkeys(terms, 0.0), name: weight})(terms, given)
            grads.append(torch.autograd.grad(total, leaf, retain_graph=True, allow_unused=True)[0])
        if grads[0] is not None and grads[0].any():
            reached += 1
            assert torch.equal(2 * grads[0], grads[1]), name
    assert reached


def check_teachers_left_alone(distiller, given: Frame) -> None:
    """No teacher's tensor gets a gradient, and no buffer asks for one."""
    leaves = []
    for embedding in given.teachers.values():
        leaves += [embedding.pooled, embedding.tokens.x, *embedding.outputs.values()]
    for leaf in leaves:
        leaf.requires_grad_()
    sum(term.sum() for term in distiller(given).values()).backward()
    assert all(leaf.grad is None for leaf in leaves)
    assert not any(buffer.requires_grad for buffer in distiller.buffers())
