"""Specialised experts teach through a router that learns, from the labels, which of them to believe at each sample.

MoEKD, arXiv 2603.13213 (models of source code), here a re-implementation from the description; equations of an
ancestor, gated multi-teacher distillation. Evidence: described; ancestor (gated multi-teacher KD). What the router
reads and that experts may be missing is ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame
from xmodal.distillers.base import over_rows
from xmodal.distillers.committee.committee import Committee, Form, check_form, mixed
from xmodal.losses import kd_loss
from xmodal.tasks import IGNORE, Task


class GatedMixture(Committee):
    """Three terms: "soft", "router" and "load".

    g = softmax(W [LN(h_1), ..., LN(h_K)]) over the pooled features h_k of the frozen experts. "soft" [B] is
    T^2 KL(mixture || student) with the mixture detached; "router" [B] the cross-entropy of the mixture at T = 1 with
    the labels, whose gradient reaches W alone; "load" the scalar K sum_k f_k P_k, 1 if all experts serve equally,
    with f_k the share of samples that have k as their first choice and P_k its mean gate. An expert whose inputs a
    sample lacks has gate 0. W begins at zero: a plain average.

    Args:
        task: a classification task (one answer a sample) that all answer.
        teachers: the experts.
        form: "logits" mixes logits, "probabilities" the softened probabilities.
        temperature: T > 0.
    """

    def __init__(
        self, task: str, *, teachers: Sequence[str], form: Form = "probabilities", temperature: float = 1.0
    ) -> None:
        super().__init__(task, teachers=teachers)
        check_form(form)
        self.form: Form = form
        self.temperature = temperature

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        super().connect(models, tasks)
        if self.paired:
            raise ValueError(f"GatedMixture routes whole samples, but task {self.task!r} is answered by tokens")
        widths = [models[name].width for name in self.reads]
        self.norms = nn.ModuleList(nn.LayerNorm(width, elementwise_affine=False) for width in widths)
        self.gate = nn.Linear(sum(widths), len(widths))
        nn.init.zeros_(self.gate.weight)
        nn.init.zeros_(self.gate.bias)

    def needs(self) -> Mapping[str, Need]:
        return {name: Need(pooled=True) for name in self.reads}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        logits, known = self.answers(frame)
        gates = self.gates(frame, known)
        some = known.any(0)
        target = mixed(logits, gates, form=self.form, temperature=self.temperature).detach()
        student = frame.student.outputs[self.task]
        soft = kd_loss(student, target, temperature=self.temperature, reduction="none", mask=some)
        return {
            "soft": over_rows(soft, some),
            "router": self._router(mixed(logits, gates, form=self.form, temperature=1.0), some, frame),
            "load": load(gates[:, some]),
        }

    def gates(self, frame: Frame, known: Tensor) -> Tensor:
        """[K, B]: how much each expert is believed; adds up to 1."""
        read = []
        for name, norm, has in zip(self.reads, self.norms, known, strict=True):
            pooled = frame.other(name).need_pooled(name).detach()
            read.append(norm(torch.where(has.unsqueeze(1), pooled, 0).to(self.gate.weight.dtype)))
        scores = self.gate(torch.cat(read, 1)).T.to(torch.promote_types(read[0].dtype, torch.float32))
        out: Tensor = scores.masked_fill(~known & known.any(0), -torch.inf).softmax(0)
        return out

    def _router(self, mixture: Tensor, some: Tensor, frame: Frame) -> Tensor:
        seen = frame.seen or frame.batch  # what the experts saw has its own labels
        labelled = seen.labelled.get(self.task)
        if labelled is None:
            return mixture.sum(1) * 0.0
        values = F.cross_entropy(mixture, seen.labels[self.task], ignore_index=IGNORE, reduction="none")
        return over_rows(values, labelled & some)


def load(gates: Tensor) -> Tensor:
    """K sum_k f_k P_k of gates [K, B]; 0 for no sample."""
    count, samples = gates.shape
    if samples == 0:
        return gates.sum()
    first = F.one_hot(gates.argmax(0), count).to(gates.dtype).mean(0)
    return count * (first * gates.mean(1)).sum()
