"""What the committees share: the logits of several teachers for one task, at the samples or tokens of the student.

Evidence: ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import torch
from torch import Tensor

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller, mean_over, over_rows
from xmodal.errors import unknown
from xmodal.pairs import carry
from xmodal.tasks import Task

Form = Literal["logits", "probabilities"]
TINY = 1e-12


class Committee(Distiller):
    """Several teachers that answer one classification or segmentation task.

    Args:
        task: which.
        teachers: their names, at least one.

    Raises:
        ValueError: no teacher, or one named twice.
    """

    def __init__(self, task: str, *, teachers: Sequence[str]) -> None:
        if isinstance(teachers, str) or not teachers or len(set(teachers)) < len(teachers):
            raise ValueError(f"teachers: expected different names such as ('audio', 'clip'), found {teachers!r}")
        super().__init__(teachers[0])
        self.task, self.reads = task, tuple(teachers)

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        if self.task not in tasks:
            raise unknown("task of a committee", self.task, tasks)
        self.paired = tasks[self.task].level == "tokens"

    def needs(self) -> Mapping[str, Need]:
        return {name: Need(tokens=self.paired) for name in ("student", *self.reads)}

    def answers(self, frame: Frame) -> tuple[Tensor, Tensor]:
        """[K, B, C] logits (zeros where unknown) and [K, B] bool which are known; [K, B, N, C] for token tasks, where
        logits are carried over the pairs."""
        found = [self.answer(frame, name) for name in self.reads]
        return torch.stack([logits for logits, _ in found]), torch.stack([known for _, known in found])

    def answer(self, frame: Frame, name: str) -> tuple[Tensor, Tensor]:
        """The same of one teacher, without the first dimension."""
        outputs = frame.other(name).outputs
        if self.task not in outputs:
            raise unknown(f"output of teacher {name!r}; output", self.task, outputs)
        logits, known = outputs[self.task].detach(), frame.taught[name]
        if self.paired:
            count = frame.student.outputs[self.task].shape[1]
            logits, reached = carry(logits, frame.pairs["student", name], count)
            known = reached & known.unsqueeze(1)
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
        return torch.where(known.unsqueeze(-1), logits, 0.0), known


def mixed(logits: Tensor, share: Tensor, *, form: Form, temperature: float) -> Tensor:
    """[..., C] logits whose softmax at `temperature` is the mixture of the teachers.

    Args:
        logits: [K, ..., C]; share: [K, ...] of each teacher, adding up to 1.
        form: "logits" averages z_k; "probabilities" averages softmax(z_k / T). The two are different targets.
    """
    share = share.unsqueeze(-1)
    if form == "logits":
        return (share * logits).sum(0)
    p = (share * (logits / temperature).softmax(-1)).sum(0)
    return temperature * p.clamp_min(TINY).log()


def counted(values: Tensor, kept: Tensor) -> Tensor:
    """[B] from [B] or [B, N]: only what is kept counts."""
    return over_rows(values, kept) if values.ndim == 1 else mean_over(values, kept)


def check_form(form: str) -> None:
    """Raises: ValueError: an unknown form."""
    if form not in get_args(Form):
        raise ValueError(f"unknown form {form!r}; known: {', '.join(get_args(Form))}")
