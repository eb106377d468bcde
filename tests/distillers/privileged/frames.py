"""Frames by hand, and the check that a weight scales a term's gradient and nothing else."""

from __future__ import annotations

import torch
from torch import Tensor

from xmodal.balance import FixedWeights
from xmodal.bus import Embedding, Frame
from xmodal.data.batch import Batch


def every(count: int) -> Tensor:
    return torch.ones(count, dtype=torch.bool)


def frame(
    student: Embedding,
    teacher: Embedding | None = None,
    *,
    student_as: Embedding | None = None,
    labels: Tensor | None = None,
    taught: Tensor | None = None,
    progress: float = 0.0,
    peer: bool = False,
) -> Frame:
    """One teacher (or peer) "t", one task "k", whose labels below 0 are missing."""
    tensors = [x for x in (student.pooled, *student.outputs.values()) if x is not None]
    count = len(tensors[0]) if tensors else len(next(iter(student.parts.values())).layers[0].x)
    given = {} if labels is None else {"k": labels}
    return Frame(
        student=student,
        batch=Batch(
            tuple(map(str, range(count))), {}, torch.arange(count), labels=given,
            labelled={} if labels is None else {"k": labels >= 0},
        ),
        student_as={} if student_as is None else {"t": student_as},
        teachers={"t": teacher} if teacher is not None and not peer else {},
        peers={"t": teacher} if teacher is not None and peer else {},
        taught={"t": every(count) if taught is None else taught},
        progress=progress,
    )  # fmt: skip


def check_weight_scales(terms: dict[str, Tensor], leaf: Tensor, given: Frame) -> None:
    """Each term with gradient contributes exactly twice as much at twice the weight."""
    zeros = dict.fromkeys(terms, 0.0)
    for name, term in terms.items():
        if not term.requires_grad:
            continue
        grads = []
        for weight in (1.0, 2.0):
            total = FixedWeights({**zeros, name: weight})(terms, given)
            grads.append(torch.autograd.grad(total, leaf, retain_graph=True, allow_unused=True)[0])
        assert grads[0] is not None, name
        assert grads[0].any(), name
        assert torch.equal(2 * grads[0], grads[1]), name
