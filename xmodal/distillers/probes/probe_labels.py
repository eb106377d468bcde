"""A probe reads the task from a frozen teacher's hidden layer; its answers, not the teacher's, are the soft labels.

PROBE-KD, Brown and Russell, LIT@ICLR26, arXiv 2603.12270; equations and code are not public: a re-implementation from
the description. Evidence: described; ours (a penalised linear probe on the mean of a layer, how it is fitted, T^2 KL).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller, over_rows
from xmodal.losses import kd_loss
from xmodal.tasks import Task


class ProbeLabels(Distiller):
    """Term "soft", [B]: T^2 KL from the probe's class probabilities to the student's.

    The probe is fitted once before training, by L-BFGS on the labelled samples of the first batches: the mean cross-
    entropy with an L2 penalty, on layer means that are standardised. It answers for unlabelled samples too, and gets
    no gradient from the student. A class without labelled sample gets a low score, as the bias learns.

    Args:
        task: a classification of whole samples.
        teacher: whose layer.
        layer: in depth order; -1 is the deepest.
        temperature: of both sides.
        penalty: of the squared weights of the probe.
        steps: at most, of L-BFGS.
    """

    weight: Tensor
    bias: Tensor
    mean: Tensor
    std: Tensor

    def __init__(
        self,
        task: str,
        *,
        teacher: str = "teacher",
        layer: int = -1,
        temperature: float = 2.0,
        penalty: float = 1e-2,
        steps: int = 100,
    ) -> None:
        super().__init__(teacher)
        self.task, self.layer, self.temperature = task, layer, temperature
        self.penalty, self.steps = penalty, steps

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        classes = getattr(tasks[self.task], "classes", None)
        if classes is None or tasks[self.task].level != "pooled":
            raise ValueError(f"expected a task with one class a sample, found {self.task!r}")
        widths = models[self.teacher].layer_widths
        if not -len(widths) <= self.layer < len(widths):
            raise ValueError(f"layer {self.layer}: {self.teacher!r} has {len(widths)} layers")
        width = widths[self.layer]
        self.register_buffer("weight", torch.zeros(len(classes), width))
        self.register_buffer("bias", torch.zeros(len(classes)))
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("std", torch.ones(width))

    def needs(self) -> Mapping[str, Need]:
        return {self.teacher: Need(layers=True)}

    def prepare(self, frames: Iterable[Frame]) -> None:
        states, labels = [], []
        for frame in frames:
            seen = frame.seen or frame.batch
            known = seen.labelled.get(self.task)
            if known is not None:
                counted = known & frame.taught[self.teacher]
                states.append(self._state(frame)[counted])
                labels.append(seen.labels[self.task][counted])
        if not states or not (x := torch.cat(states)).shape[0]:
            raise ValueError(f"ProbeLabels: no labelled sample of {self.task!r} among the first batches")
        self.mean.copy_(x.mean(0))
        self.std.copy_(x.std(0, unbiased=False).clamp_min(1e-6))
        self._fit((x - self.mean) / self.std, torch.cat(labels))

    @torch.enable_grad()
    def _fit(self, x: Tensor, label: Tensor) -> None:
        weight, bias = (torch.zeros_like(t, requires_grad=True) for t in (self.weight, self.bias))
        solver = torch.optim.LBFGS([weight, bias], max_iter=self.steps, line_search_fn="strong_wolfe")

        def objective() -> Tensor:
            solver.zero_grad()
            value = F.cross_entropy(F.linear(x, weight, bias), label) + self.penalty * weight.square().sum()
            value.backward()  # type: ignore[no-untyped-call]
            return value

        solver.step(objective)  # type: ignore[no-untyped-call]
        self.weight.copy_(weight.detach())
        self.bias.copy_(bias.detach())

    def _state(self, frame: Frame) -> Tensor:
        """[B, D]: the mean of the layer's tokens that count."""
        return frame.other(self.teacher).layers[self.layer].mean().detach().float()

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        probe = F.linear((self._state(frame) - self.mean) / self.std, self.weight, self.bias)  # [B, C]
        student, taught = frame.student.outputs[self.task], frame.taught[self.teacher]
        value = kd_loss(student, probe, temperature=self.temperature, mask=taught, reduction="none")
        return {"soft": over_rows(value, taught)}
